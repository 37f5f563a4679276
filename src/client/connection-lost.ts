/** No answer came; nothing but the way to the server is to blame, and sending again may help. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost'
}
