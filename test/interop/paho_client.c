/*
 * Eclipse Paho for C against a started gateway: paho_client URI VERSION PREFIX [CAFILE].
 *
 * VERSION is 3, 4 or 5 as in CONNECT. Publishes at each QoS to a subscriber of its own, then a message
 * of many bytes, then comes back to a session for what was published meanwhile. Prints one line of
 * JSON: what each part received. Exit code 1 and a line on stderr when something does not happen.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <MQTTClient.h>

#define TIMEOUT_MS 10000
#define EACH 5
#define LARGE 300000
/* Paho for C 1.3.12 loses some longer messages over WebSocket (TLS: over 16 kB), with mosquitto as the server too. */
#define LARGE_WEBSOCKET 10000

static const char *uri, *prefix, *ca_file;
static int version;

static void check(const char *what, int code) {
  /* Grants of a SUBSCRIBE and the reason codes of MQTT 5 up to 2 are successes. */
  if (code >= 0 && code <= 2) return;
  fprintf(stderr, "%s: %d\n", what, code);
  exit(1);
}

static MQTTClient client(const char *id) {
  MQTTClient handle;
  char name[128];
  MQTTClient_createOptions options = MQTTClient_createOptions_initializer;
  options.MQTTVersion = version;
  snprintf(name, sizeof name, "%s-%s", prefix, id);
  check("create", MQTTClient_createWithOptions(&handle, uri, name, MQTTCLIENT_PERSISTENCE_NONE, NULL, &options));
  return handle;
}

/* Returns the session present flag; Paho for C does not tell that of MQTT 5. */
static int go_online(MQTTClient handle, int lasting) {
  MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
  MQTTClient_connectOptions options5 = MQTTClient_connectOptions_initializer5;
  MQTTClient_SSLOptions ssl = MQTTClient_SSLOptions_initializer;
  MQTTProperties properties = MQTTProperties_initializer;
  MQTTProperty expiry;

  if (version == 5) options = options5;
  else options.cleansession = !lasting;
  options.MQTTVersion = version;
  if (ca_file != NULL) {
    ssl.trustStore = ca_file;
    ssl.enableServerCertAuth = 1;
    ssl.verify = 1;
    options.ssl = &ssl;
  }
  if (version != 5) {
    check("connect", MQTTClient_connect(handle, &options));
  } else {
    options.cleanstart = !lasting;
    expiry.identifier = MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL;
    expiry.value.integer4 = lasting ? 600 : 0;
    check("property", MQTTProperties_add(&properties, &expiry));
    MQTTResponse response = MQTTClient_connect5(handle, &options, &properties, NULL);
    check("connect", response.reasonCode);
    MQTTResponse_free(response);
    MQTTProperties_free(&properties);
  }
  if (options.returned.MQTTVersion != version) check("version", 100 + options.returned.MQTTVersion);
  return options.returned.sessionPresent;
}

static int subscribe(MQTTClient handle, const char *filter, int qos) {
  int code;
  if (version == 5) {
    MQTTResponse response = MQTTClient_subscribe5(handle, filter, qos, NULL, NULL);
    code = response.reasonCode;
    MQTTResponse_free(response);
    check("subscribe", code);
    return code;
  }
  check("subscribe", MQTTClient_subscribe(handle, filter, qos));
  return qos;
}

static void add_text(MQTTProperties *properties, enum MQTTPropertyCodes code, const char *key, const char *value) {
  MQTTProperty property;
  property.identifier = code;
  property.value.data.data = (char *)key;
  property.value.data.len = (int)strlen(key);
  property.value.value.data = (char *)value;
  property.value.value.len = (int)strlen(value);
  check("property", MQTTProperties_add(properties, &property));
}

static void publish(MQTTClient handle, const char *topic, const char *payload, int length, int qos) {
  MQTTClient_message message = MQTTClient_message_initializer;
  MQTTClient_deliveryToken token;
  message.payload = (void *)payload;
  message.payloadlen = length;
  message.qos = qos;
  if (version == 5) {
    MQTTProperty correlation = { .identifier = MQTTPROPERTY_CODE_CORRELATION_DATA };
    correlation.value.data.data = "\x00\xff";
    correlation.value.data.len = 2;
    add_text(&message.properties, MQTTPROPERTY_CODE_CONTENT_TYPE, "text/plain", "");
    check("property", MQTTProperties_add(&message.properties, &correlation));
    add_text(&message.properties, MQTTPROPERTY_CODE_USER_PROPERTY, "b", "1");
    add_text(&message.properties, MQTTPROPERTY_CODE_USER_PROPERTY, "a", "2");
    add_text(&message.properties, MQTTPROPERTY_CODE_USER_PROPERTY, "b", "1");
    MQTTResponse response = MQTTClient_publishMessage5(handle, topic, &message, &token);
    check("publish", response.reasonCode);
    MQTTResponse_free(response);
    MQTTProperties_free(&message.properties);
  } else {
    check("publish", MQTTClient_publishMessage(handle, topic, &message, &token));
  }
  if (qos > 0) check("acknowledgement", MQTTClient_waitForCompletion(handle, token, TIMEOUT_MS));
}

static MQTTClient_message *receive(MQTTClient handle, char **topic) {
  MQTTClient_message *message = NULL;
  int length;
  check("receive", MQTTClient_receive(handle, topic, &length, &message, TIMEOUT_MS));
  if (message == NULL) check("no message within the time", -1);
  return message;
}

static void print_properties(MQTTProperties *properties) {
  const char *separator = "";
  MQTTProperty *type = MQTTProperties_getProperty(properties, MQTTPROPERTY_CODE_CONTENT_TYPE);
  MQTTProperty *data = MQTTProperties_getProperty(properties, MQTTPROPERTY_CODE_CORRELATION_DATA);
  if (type == NULL || data == NULL) check("a property is missing", -1);
  printf(",\"contentType\":\"%.*s\",\"correlation\":\"", type->value.data.len, type->value.data.data);
  for (int i = 0; i < data->value.data.len; i++) printf("%02x", (unsigned char)data->value.data.data[i]);
  printf("\",\"user\":[");
  for (int i = 0; i < MQTTProperties_propertyCount(properties, MQTTPROPERTY_CODE_USER_PROPERTY); i++) {
    MQTTProperty *user = MQTTProperties_getPropertyAt(properties, MQTTPROPERTY_CODE_USER_PROPERTY, i);
    printf("%s[\"%.*s\",\"%.*s\"]", separator, user->value.data.len, user->value.data.data,
           user->value.value.len, user->value.value.data);
    separator = ",";
  }
  printf("]");
}

static void print_messages(MQTTClient handle, int count) {
  printf("\"messages\":[");
  for (int i = 0; i < count; i++) {
    char *topic;
    MQTTClient_message *message = receive(handle, &topic);
    printf("%s{\"topic\":\"%s\",\"payload\":\"%.*s\",\"qos\":%d", i == 0 ? "" : ",", topic,
           message->payloadlen, (char *)message->payload, message->qos);
    if (version == 5) print_properties(&message->properties);
    printf("}");
    MQTTClient_freeMessage(&message);
    MQTTClient_free(topic);
  }
  printf("]");
}

static void leave(MQTTClient handle) {
  check("disconnect", MQTTClient_disconnect(handle, TIMEOUT_MS));
}

static void live(void) {
  MQTTClient receiver = client("receiver"), sender = client("sender");
  char filter[128], topic[128], payload[16];
  go_online(receiver, 0);
  snprintf(filter, sizeof filter, "%s/live/#", prefix);
  printf("\"live\":{\"codes\":[%d],", subscribe(receiver, filter, 2));
  go_online(sender, 0);
  for (int qos = 0; qos <= 2; qos++) {
    snprintf(topic, sizeof topic, "%s/live/%d", prefix, qos);
    for (int i = 0; i < EACH; i++) {
      int length = snprintf(payload, sizeof payload, "%d", i);
      publish(sender, topic, payload, length, qos);
    }
  }
  print_messages(receiver, 3 * EACH);
  leave(sender);
  leave(receiver);
  MQTTClient_destroy(&sender);
  MQTTClient_destroy(&receiver);
  printf("}");
}

static void large(void) {
  MQTTClient handle = client("large");
  int length = strncmp(uri, "ws", 2) == 0 ? LARGE_WEBSOCKET : LARGE;
  char topic[128], *received;
  char *payload = malloc(length);
  if (payload == NULL) check("memory", -1);
  for (int i = 0; i < length; i++) payload[i] = (char)(i % 251);
  snprintf(topic, sizeof topic, "%s/large", prefix);
  go_online(handle, 0);
  subscribe(handle, topic, 1);
  publish(handle, topic, payload, length, 1);
  MQTTClient_message *message = receive(handle, &received);
  int equal = message->payloadlen == length && memcmp(message->payload, payload, length) == 0;
  printf("\"large\":%d", equal ? length : -1);
  MQTTClient_freeMessage(&message);
  MQTTClient_free(received);
  free(payload);
  leave(handle);
  MQTTClient_destroy(&handle);
}

static void kept(void) {
  MQTTClient session = client("session"), sender = client("sender");
  char topic[128], payload[16];
  snprintf(topic, sizeof topic, "%s/kept", prefix);
  int before = go_online(session, 1);
  subscribe(session, topic, 2);
  leave(session);
  go_online(sender, 0);
  for (int qos = 1; qos <= 2; qos++) {
    int length = snprintf(payload, sizeof payload, "kept %d", qos);
    publish(sender, topic, payload, length, qos);
  }
  leave(sender);
  printf("\"kept\":{\"sessionPresent\":[%d,%d],", before, go_online(session, 1));
  print_messages(session, 2);
  leave(session);
  MQTTClient_destroy(&sender);
  MQTTClient_destroy(&session);
  printf("}");
}

int main(int argc, char **argv) {
  MQTTClient_init_options init = MQTTClient_init_options_initializer;
  if (argc < 4) {
    fprintf(stderr, "usage: %s URI VERSION PREFIX [CAFILE]\n", argv[0]);
    return 1;
  }
  uri = argv[1];
  version = atoi(argv[2]);
  prefix = argv[3];
  ca_file = argc > 4 ? argv[4] : NULL;
  init.do_openssl_init = 1;
  MQTTClient_global_init(&init);
  printf("{");
  live();
  printf(",");
  large();
  printf(",");
  kept();
  printf("}\n");
  return 0;
}
