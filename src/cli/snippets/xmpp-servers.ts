import { componentName, hasDomain, type Site, type Snippet } from './site.ts'

/** Prosody with the community module and its second protocol. */
export function prosodyExternal(site: Site): Snippet {
  return {
    title: 'Prosody, mod_http_upload_external (v2)',
    note: 'prosody.cfg.lua; prosodyctl install --server=https://modules.prosody.im/rocks/ mod_http_upload_external',
    language: 'lua',
    text: `Component ${lua(componentName(site))} "http_upload_external"
  http_upload_external_base_url = ${lua(site.publicUrl.href)}
  http_upload_external_secret = ${lua(site.secret)}
  http_upload_external_protocol = "v2"
  http_upload_external_file_size_limit = ${site.maxFileSize}
`,
  }
}

/** Prosody 0.12 and later with the module that comes with it. */
export function prosodyFileShare(site: Site): Snippet {
  return {
    title: 'Prosody 0.12 or later, mod_http_file_share',
    note: 'prosody.cfg.lua; nothing to install',
    language: 'lua',
    text: `Component ${lua(componentName(site))} "http_file_share"
  http_file_share_base_url = ${lua(site.publicUrl.href)}
  http_file_share_secret = ${lua(site.secret)}
  http_file_share_size_limit = ${site.maxFileSize}
  http_file_share_daily_quota = ${site.maxFileSize * 100}
`,
  }
}

/** ejabberd 23.01 and later, which writes each of its domains in the place of `@HOST@`. */
export function ejabberd(site: Site): Snippet {
  const url = yaml(site.publicUrl.href.replace(/\/$/u, ''))
  return {
    title: 'ejabberd, mod_http_upload',
    note: 'ejabberd.yml, below modules:',
    language: 'yaml',
    text: `  mod_http_upload:
    host: ${yaml(hasDomain(site) ? componentName(site) : 'upload.@HOST@')}
    put_url: ${url}
    get_url: ${url}
    external_secret: ${yaml(site.secret)}
    max_size: ${site.maxFileSize}
`,
  }
}

function lua(text: string): string {
  return `"${text.replace(/["\\]/gu, '\\$&')}"`
}

function yaml(text: string): string {
  return JSON.stringify(text)
}
