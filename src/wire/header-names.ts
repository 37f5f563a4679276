/** Header field names that cross the network, in the lower case Node.js uses. */
export const HEADER = {
  acceptRanges: 'accept-ranges',
  cacheControl: 'cache-control',
  contentDisposition: 'content-disposition',
  contentLength: 'content-length',
  contentRange: 'content-range',
  contentSecurityPolicy: 'content-security-policy',
  contentType: 'content-type',
  contentTypeOptions: 'x-content-type-options',
  crossOriginResourcePolicy: 'cross-origin-resource-policy',
  etag: 'etag',
  lastModified: 'last-modified',
  location: 'location',
} as const
