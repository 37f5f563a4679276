import { type Option, optional, section } from '../option.ts'
import { previousSecrets, secret } from '../secret-kinds.ts'

const PREVIOUS = {
  ...previousSecrets('Replaced secrets that are accepted until their not_after.'),
  reload: true,
}

export const grants = section(
  'Secrets shared with the XMPP server. A scheme is on when its secret is set; one is needed.',
  {
    v1_secret: schemeSecret('Prosody mod_http_upload_external (v1), ejabberd external_secret.'),
    v1_previous: PREVIOUS,
    v2_secret: schemeSecret('Prosody mod_http_upload_external with protocol v2.'),
    v2_previous: PREVIOUS,
    token_secret: schemeSecret('Metronome mod_http_upload_external.'),
    token_previous: PREVIOUS,
    token_delete_secret: schemeSecret(
      "Metronome's http_file_delete_secret; without it no DELETE is accepted.",
    ),
    token_delete_previous: PREVIOUS,
    v3_secret: schemeSecret('URLs signed with ?v3= and ?expires=.'),
    v3_previous: PREVIOUS,
    bearer_secret: schemeSecret('Bearer tokens of ejabberd modules, with ?user= and ?expiry=.'),
    bearer_previous: PREVIOUS,
    jwt_secret: schemeSecret('Prosody mod_http_file_share with an external base URL (HS256).'),
    jwt_previous: PREVIOUS,
  },
)

/** Secrets are replaced while uploads run, so every one of them can be. */
function schemeSecret(help: string): Option<string | undefined> {
  return { ...optional(secret(help)), reload: true }
}
