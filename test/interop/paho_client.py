"""Eclipse Paho for Python against a started gateway: paho_client.py TRANSPORT HOST PORT VERSION PREFIX [CAFILE].

TRANSPORT is mqtt, mqtts, ws or wss; VERSION is 3, 4 or 5 as in CONNECT. Publishes at each QoS to a
subscriber of its own, then a large message, then comes back to a session for what was published
meanwhile. Prints one line of JSON: what each part received.
"""

import json
import queue
import sys

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

TIMEOUT_S = 10
LARGE = bytes(i % 251 for i in range(300000))
TRANSPORT, HOST, PORT, VERSION, PREFIX = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
CA_FILE = sys.argv[6] if len(sys.argv) > 6 else None
IS_5 = VERSION == 5


class Client:
    def __init__(self, client_id, lasting=False):
        keep = {"clean_session": not lasting} if not IS_5 else {}
        transport = "websockets" if TRANSPORT in ("ws", "wss") else "tcp"
        self.mqtt = mqtt.Client(client_id=client_id, protocol=VERSION, transport=transport, **keep)
        if CA_FILE is not None:
            self.mqtt.tls_set(ca_certs=CA_FILE)
        self.lasting = lasting
        self.connected = queue.Queue()
        self.subscribed = queue.Queue()
        self.messages = queue.Queue()
        # Paho calls back with one argument more for MQTT 5.
        self.mqtt.on_connect = lambda c, u, flags, code, *more: self.connected.put((flags, int(code if not IS_5 else code.value)))
        self.mqtt.on_subscribe = lambda c, u, mid, codes, *more: self.subscribed.put([int(x if not IS_5 else x.value) for x in codes])
        self.mqtt.on_message = lambda c, u, message: self.messages.put(message)

    def connect(self):
        more = {}
        if IS_5:
            properties = Properties(PacketTypes.CONNECT)
            properties.SessionExpiryInterval = 600 if self.lasting else 0
            more = {"clean_start": not self.lasting, "properties": properties}
        self.mqtt.connect(HOST, PORT, 60, **more)
        self.mqtt.loop_start()
        flags, code = self.connected.get(timeout=TIMEOUT_S)
        assert code == 0, code
        return flags["session present"]

    def subscribe(self, topic, qos):
        self.mqtt.subscribe(topic, qos)
        return self.subscribed.get(timeout=TIMEOUT_S)

    def publish(self, topic, payload, qos):
        more = {}
        if IS_5:
            properties = Properties(PacketTypes.PUBLISH)
            properties.ContentType = "text/plain"
            properties.CorrelationData = b"\x00\xff"
            properties.UserProperty = [("b", "1"), ("a", "2"), ("b", "1")]
            more = {"properties": properties}
        info = self.mqtt.publish(topic, payload, qos, **more)
        info.wait_for_publish(TIMEOUT_S)
        assert info.is_published()

    def received(self, count):
        result = []
        for _ in range(count):
            message = self.messages.get(timeout=TIMEOUT_S)
            entry = {"topic": message.topic, "payload": message.payload.decode(), "qos": message.qos}
            if IS_5:
                entry["contentType"] = message.properties.ContentType
                entry["user"] = message.properties.UserProperty
                entry["correlation"] = message.properties.CorrelationData.hex()
            result.append(entry)
        return result

    def end(self):
        self.mqtt.disconnect()
        self.mqtt.loop_stop()


def live():
    receiver = Client(PREFIX + "-receiver")
    receiver.connect()
    codes = receiver.subscribe(PREFIX + "/live/#", 2)
    sender = Client(PREFIX + "-sender")
    sender.connect()
    for qos in (0, 1, 2):
        for i in range(5):
            sender.publish("%s/live/%d" % (PREFIX, qos), "%d" % i, qos)
    messages = receiver.received(15)
    sender.end()
    receiver.end()
    return {"codes": codes, "messages": messages}


def large():
    client = Client(PREFIX + "-large")
    client.connect()
    client.subscribe(PREFIX + "/large", 1)
    client.publish(PREFIX + "/large", LARGE, 1)
    message = client.messages.get(timeout=TIMEOUT_S)
    client.end()
    return len(message.payload) if message.payload == LARGE else -1


def kept():
    first = Client(PREFIX + "-session", lasting=True)
    before = first.connect()
    first.subscribe(PREFIX + "/kept", 2)
    first.end()
    sender = Client(PREFIX + "-sender")
    sender.connect()
    for qos in (1, 2):
        sender.publish(PREFIX + "/kept", "kept %d" % qos, qos)
    sender.end()
    again = Client(PREFIX + "-session", lasting=True)
    after = again.connect()
    messages = again.received(2)
    again.end()
    return {"sessionPresent": [before, after], "messages": messages}


print(json.dumps({"live": live(), "large": large(), "kept": kept()}))
