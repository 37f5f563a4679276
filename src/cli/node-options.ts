/**
 * Options of Node.js that the server is started with. What lives shortly gets less memory than V8 would give it: it is then
 * collected more often, and each time in a shorter break, in which every upload waits.
 */
export const NODE_OPTIONS: readonly string[] = ['--max-semi-space-size=8']
