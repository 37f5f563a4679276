import { optional, section } from '../option.ts'
import { previousSecrets, secret } from '../secret-kinds.ts'

const PREVIOUS = 'Replaced secrets that are accepted until their not_after.'

export const grants = section(
  'Secrets shared with the XMPP server. A scheme is on when its secret is set; one is needed.',
  {
    v1_secret: optional(secret('Prosody mod_http_upload_external (v1), ejabberd external_secret.')),
    v1_previous: previousSecrets(PREVIOUS),
    v2_secret: optional(secret('Prosody mod_http_upload_external with protocol v2.')),
    v2_previous: previousSecrets(PREVIOUS),
    token_secret: optional(secret('Metronome mod_http_upload_external.')),
    token_previous: previousSecrets(PREVIOUS),
    token_delete_secret: optional(
      secret("Metronome's http_file_delete_secret; without it no DELETE is accepted."),
    ),
    token_delete_previous: previousSecrets(PREVIOUS),
    v3_secret: optional(secret('URLs signed with ?v3= and ?expires=.')),
    v3_previous: previousSecrets(PREVIOUS),
    bearer_secret: optional(secret('Bearer tokens of ejabberd modules, with ?user= and ?expiry=.')),
    bearer_previous: previousSecrets(PREVIOUS),
    jwt_secret: optional(secret('Prosody mod_http_file_share with an external base URL (HS256).')),
    jwt_previous: previousSecrets(PREVIOUS),
  },
)
