/**
 * Options of Node.js that the server is started with. Memory for what lives shortly grows to 16 MiB twice if it is left
 * to V8, and a pass through it holds up every upload that is under way; a smaller one is passed through sooner.
 */
export const NODE_OPTIONS: readonly string[] = ['--max-semi-space-size=8']
