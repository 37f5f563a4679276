import { Refusal } from '../../core/refusals.ts'
import { encodeSlotPath } from '../../core/slot-path.ts'
import type { Engine } from '../../engine/engine.ts'
import type { Gate } from '../../gate/gate.ts'
import type { Exchange, Handler } from '../../http/exchange.ts'
import { digestFields, reprDigest } from '../../http/digest-fields.ts'
import { HEADER } from '../../wire/header-names.ts'

/** PUT of a whole file into its slot (XEP-0363 §5). Success is 201 with an empty body, nothing else. */
export function putHandler(needs: {
  gate: Gate
  engine: Pick<Engine, 'put'>
  publicUrl: URL
}): Handler {
  const { gate, engine } = needs
  const base = needs.publicUrl.href
  return async (exchange: Exchange): Promise<void> => {
    const { headers, client, body, contentLength } = exchange
    if (headers[HEADER.contentRange] !== undefined) throw new Refusal('range-not-supported')
    const digests = digestFields(headers)
    const outcome = await gate.admit(exchange, { size: contentLength }, (admission) =>
      engine.put({ ...admission, client, body, digests }),
    )
    if (outcome.kind === 'cut') return exchange.cut()
    exchange.reply({
      status: 201,
      headers: {
        [HEADER.contentLength]: '0',
        [HEADER.location]: base + encodeSlotPath(outcome.file.path),
        [HEADER.etag]: `"${outcome.file.id}"`,
        ...(outcome.digests === undefined
          ? {}
          : { [HEADER.reprDigest]: reprDigest(outcome.digests) }),
      },
    })
  }
}
