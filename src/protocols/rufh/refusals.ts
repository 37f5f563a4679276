import { Refusal, type RefusalCode } from '../../core/refusals.ts'
import type { Exchange } from '../../http/exchange.ts'
import { ProtocolRefusal, type RefusalDress } from '../../http/protocol-refusal.ts'
import { HEADER } from '../../wire/header-names.ts'
import { UPLOAD_PROBLEM } from '../../wire/problem.ts'
import { completeness, spoken } from './answers.ts'
import type { UploadFields } from './upload-fields.ts'

/**
 * Answers a request so that its refusals carry what the protocol demands. A request that came
 * while an earlier one is being completed is cut: to native clients an answer of 4xx is the end,
 * a lost connection the reason to ask again.
 */
export async function refusing(
  exchange: Exchange,
  fields: UploadFields,
  answer: () => Promise<void>,
): Promise<void> {
  try {
    await answer()
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    if (error.code === 'upload-settling') return exchange.cut()
    const refusal = deferred(error)
    const dress = DRESSERS[refusal.code]?.(refusal, fields)
    const headers = { ...spoken(fields.draft), ...dress?.headers }
    throw new ProtocolRefusal(refusal, { ...dress, headers })
  }
}

/** Our own limits never end an upload: a native client tries again after 503, but not after 429. */
function deferred(refusal: Refusal): Refusal {
  if (refusal.code !== 'too-many-uploads') return refusal
  return new Refusal('uploads-deferred', refusal.facts, { cause: refusal })
}

type Dresser = (refusal: Refusal, fields: UploadFields) => RefusalDress

/** What the protocol demands of some refusals; of all others nothing. */
const DRESSERS: Partial<Readonly<Record<RefusalCode, Dresser>>> = {
  'offset-mismatch': mismatch,
  'length-inconsistent': () => ({ type: UPLOAD_PROBLEM.inconsistentLength }),
  'size-mismatch': () => ({ type: UPLOAD_PROBLEM.inconsistentLength }),
  'upload-complete': (_, { draft }) => ({
    ...(draft.completedProblem === undefined ? {} : { type: draft.completedProblem }),
    headers: draft.completedTold ? completeness(draft, false) : {},
  }),
  'digest-mismatch': ({ facts }, { draft }) =>
    facts['of'] === 'file' ? { headers: completeness(draft, true) } : {},
  'file-too-large': tooLarge,
  // A native client tries again after 503, but not after 429.
  'too-many-failures': () => ({ status: 503 }),
  'too-many-requests': () => ({ status: 503 }),
}

function mismatch({ facts }: Refusal, { draft, offset = 0 }: UploadFields): RefusalDress {
  const expected = Number(facts['expected'])
  return {
    type: UPLOAD_PROBLEM.mismatchingOffset,
    members: { 'expected-offset': expected, 'provided-offset': offset },
    headers: {
      [HEADER.uploadOffset]: String(expected),
      ...completeness(draft, facts['of'] === 'complete'),
    },
  }
}

function tooLarge({ facts: { limit } }: Refusal, { draft }: UploadFields): RefusalDress {
  if (draft.lifetime === undefined || limit === undefined) return {}
  return { headers: { [HEADER.uploadLimit]: `max-size=${limit}` } }
}
