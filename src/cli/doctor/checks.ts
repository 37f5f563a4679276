import { atEachAddress } from './at-each-address.ts'
import type { Check } from './check.ts'
import { addressesCheck } from './checks/addresses.ts'
import { bodyLimitCheck } from './checks/body-limit.ts'
import { clockCheck } from './checks/clock.ts'
import { corsCheck } from './checks/cors.ts'
import { downloadCheck } from './checks/download.ts'
import { forwardedCheck } from './checks/forwarded.ts'
import { gatewayCheck } from './checks/gateway.ts'
import { healthCheck } from './checks/health.ts'
import { interimCheck } from './checks/interim.ts'
import { leftoversCheck } from './checks/leftovers.ts'
import { loginCheck } from './checks/login.ts'
import { namesCheck } from './checks/names.ts'
import { prefixCheck } from './checks/prefix.ts'
import { publicUrlCheck } from './checks/public-url.ts'
import { rangeCheck } from './checks/range.ts'
import { reachCheck } from './checks/reach.ts'
import { resumeCheck } from './checks/resume.ts'
import { safeTypesCheck } from './checks/safe-types.ts'
import { sameServerCheck } from './checks/same-server.ts'
import { serviceCheck } from './checks/service.ts'
import { streamingCheck } from './checks/streaming.ts'
import { takeoverCheck } from './checks/takeover.ts'
import { tlsCheck } from './checks/tls.ts'
import { uploadCheck } from './checks/upload.ts'
import { xmppSlotCheck } from './checks/xmpp-slot.ts'

/** Every check, in the order in which they run; what a check needs stands before it. */
export const CHECKS: readonly Check[] = [
  publicUrlCheck,
  namesCheck,
  reachCheck,
  tlsCheck,
  gatewayCheck,
  prefixCheck,
  healthCheck,
  addressesCheck,
  loginCheck,
  serviceCheck,
  atEachAddress(corsCheck),
  xmppSlotCheck,
  uploadCheck,
  clockCheck,
  sameServerCheck,
  atEachAddress(downloadCheck),
  atEachAddress(rangeCheck),
  safeTypesCheck,
  atEachAddress(bodyLimitCheck),
  atEachAddress(streamingCheck),
  resumeCheck,
  takeoverCheck,
  interimCheck,
  forwardedCheck,
  leftoversCheck,
]
