/** What embedders import: the server as a library. */
export { type Config } from './config/options.ts'
export { type LoadedConfig, loadConfig } from './config/load-config.ts'
export { ConfigError } from './config/problem.ts'
export { type RunningServer, startServer } from './app/running-server.ts'
