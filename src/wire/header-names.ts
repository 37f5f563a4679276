import * as fields from './header-fields.ts'

/** Header field names that cross the network, in the lower case Node.js uses. */
export const HEADER = { ...fields } as const
