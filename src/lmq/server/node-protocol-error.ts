/** What a node has sent is not what the protocol allows: its stream is ended, and nobody else notices. */
export class NodeProtocolError extends Error {
  constructor(message: string) {
    super(message);
    this.name = new.target.name;
  }
}
