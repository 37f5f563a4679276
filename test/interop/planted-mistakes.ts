import type { Place, Planted } from './doctor-place.ts'
import { BARE_DOMAIN } from './prosody.ts'

/** Two addresses of the host, of which nginx listens at the first. */
const TWO = ['127.0.0.1', '127.0.0.3']

/** nginx listens at the second address, too. */
function atBoth({ port }: Place): Readonly<Record<string, string>> {
  const first = `listen 127.0.0.1:${port} ssl http2;`
  return { [first]: `${first} listen ${TWO[1]}:${port} ssl http2;` }
}

/** Lines of nginx' `http { }`, before its servers. */
function inHttp(...lines: readonly string[]): Readonly<Record<string, string>> {
  const first = 'client_body_temp_path'
  return { [first]: `${lines.join(' ')} ${first}` }
}

/** nginx' way to the right server becomes another one. */
function passing({ right }: Place, to: string): Readonly<Record<string, string>> {
  return { [`proxy_pass http://127.0.0.1:${right.port};`]: `proxy_pass http://${to};` }
}

/** In a location, behind what every proxy to us has. */
const LAST = 'send_timeout 300s;'

/** Deployments in which one thing is wrong, the check that finds it, and what is told. */
export const MISTAKES: readonly {
  readonly what: string
  readonly planted: Planted
  /** The first check that fails. */
  readonly check: string
  readonly says: RegExp
  readonly remedy: RegExp
}[] = [
  {
    what: 'another secret than Prosody has',
    planted: { server: ({ strange }) => strange, xmpp: 'Prosody v2' },
    check: 'xmpp-slot',
    says: /signed by scheme v2.*the secrets differ/u,
    remedy:
      /mod_http_upload_external: the same text as grants\.v2_secret\nhttp_upload_external_secret = /u,
  },
  {
    what: 'Prosody signs v1, the server accepts only v2 and jwt',
    planted: { server: ({ strange }) => strange, xmpp: 'Prosody v1' },
    check: 'xmpp-slot',
    says: /signs v1, the server accepts only v2/u,
    remedy: /http_upload_external_protocol = "v2"[^]*v1_secret = /u,
  },
  {
    what: 'nginx takes 1 MiB',
    planted: { nginx: () => ({ 'client_max_body_size 0;': 'client_max_body_size 1m;' }) },
    check: 'body-limit',
    says: /413 by nginx.*200 MiB/u,
    remedy: /nginx, inside location \/upload\/\nclient_max_body_size 0;/u,
  },
  {
    what: 'nginx collects bodies',
    planted: { nginx: () => ({ 'proxy_request_buffering off;': 'proxy_request_buffering on;' }) },
    check: 'streaming',
    says: /keeps bodies back/u,
    remedy: /proxy_request_buffering off;/u,
  },
  {
    what: 'nginx strips the prefix',
    planted: {
      nginx: ({ right }) => {
        const line = `proxy_pass http://127.0.0.1:${right.port}`
        return { [`${line};`]: `${line}/;` }
      },
    },
    check: 'prefix',
    says: /strips \/upload\//u,
    remedy: /proxy_pass http:\/\/127\.0\.0\.1:\d+; .*not even a slash/u,
  },
  {
    what: 'the certificate of another host',
    planted: { certificate: ({ certificates }) => certificates.other },
    check: 'tls',
    says: /is for other\.test, not for localhost/u,
    remedy: /server_name localhost[^]*ssl_certificate .*fullchain\.pem;/u,
  },
  {
    what: 'an expired certificate',
    planted: { certificate: ({ certificates }) => certificates.expired },
    check: 'tls',
    says: /has expired/u,
    remedy: /certbot renew/u,
  },
  {
    what: 'nginx answers OPTIONS by itself',
    planted: {
      nginx: () => ({ [LAST]: `${LAST} if ($request_method = OPTIONS) { return 204; }` }),
    },
    check: 'cors',
    says: /OPTIONS \(204 by nginx.*no Access-Control-Allow-Origin/u,
    remedy: /remove what is like these[^]*return 204/u,
  },
  {
    what: 'nginx drops the fields of CORS',
    planted: {
      nginx: () => ({ [LAST]: `${LAST} proxy_hide_header Access-Control-Expose-Headers;` }),
    },
    check: 'cors',
    says: /there is no access-control-expose-headers/u,
    remedy: /proxy_hide_header/u,
  },
  {
    what: 'nginx takes Range away',
    planted: { nginx: () => ({ [LAST]: `${LAST} proxy_set_header Range "";` }) },
    check: 'range',
    says: /the answer is 200 by nginx/u,
    remedy: /proxy_set_header Range \$http_range;/u,
  },
  {
    what: 'nothing stands behind nginx',
    planted: { server: () => undefined },
    check: 'gateway',
    says: /502 by nginx/u,
    remedy: /systemctl status hmac-file-server[^]*proxy_pass/u,
  },
  {
    what: 'Prosody announces no upload service',
    planted: { xmpp: 'Prosody v2', domain: BARE_DOMAIN },
    check: 'service',
    says: /bare\.test announces no upload service/u,
    remedy: /Component "upload\.bare\.test" "http_upload_external"\n.*base_url = "https:/u,
  },
  {
    what: 'nginx believes what clients say of their address',
    planted: {
      nginx: () => ({ $proxy_add_x_forwarded_for: '$http_x_forwarded_for' }),
    },
    check: 'forwarded',
    says: /invents 203\.0\.113\.7 is believed/u,
    remedy: /X-Forwarded-For \$proxy_add_x_forwarded_for;/u,
  },
  {
    what: 'nginx spreads requests over two servers that share nothing',
    planted: {
      nginx: (place) => ({
        ...inHttp(
          `upstream both { server 127.0.0.1:${place.right.port}; server 127.0.0.1:${place.strange.port}; }`,
        ),
        ...passing(place, 'both'),
      }),
    },
    check: 'same-server',
    says: /[1-6] of 6 requests for the file that was just uploaded did not find it.*do not share/u,
    remedy: /proxy_pass stands: one server[^]*backend = "redis"[^]*storage\.url/u,
  },
  {
    what: 'the upload resources lead to another server',
    planted: {
      nginx: (place) => ({
        ...inHttp(
          `map $uri $server_of_it { ~^/upload/-/uploads/ 127.0.0.1:${place.strange.port}; default 127.0.0.1:${place.right.port}; }`,
        ),
        ...passing(place, '$server_of_it'),
      }),
    },
    check: 'streaming',
    says: /PATCH.*404.*just created is not known there/u,
    remedy: /backend = "redis"/u,
  },
  {
    what: 'nginx counts the requests that go on with an upload',
    planted: {
      nginx: () => ({
        ...inHttp(
          'map $request_method $comer { PATCH $binary_remote_addr; }',
          'limit_req_zone $comer zone=comers:64k rate=4r/m;',
        ),
        [LAST]: `${LAST} limit_req zone=comers;`,
      }),
    },
    check: 'resume',
    says: /PATCH, by which an upload goes on, is answered with 503 by nginx/u,
    remedy: /inside location \/upload\/\n# remove limit_conn and limit_req/u,
  },
  {
    what: 'nginx lets a client upload by one connection only',
    planted: {
      nginx: () => ({
        ...inHttp(
          'map $request_method $uploader { PUT $binary_remote_addr; }',
          'limit_conn_zone $uploader zone=uploaders:64k;',
        ),
        [LAST]: `${LAST} limit_conn uploaders 1;`,
      }),
    },
    check: 'takeover',
    says: /the second PUT was answered with 503 by nginx/u,
    remedy: /inside location \/upload\/\n# remove limit_conn and limit_req/u,
  },
  {
    what: "the server's clock is five minutes fast",
    planted: { server: ({ early }) => early },
    check: 'clock',
    says: /nginx\S* agrees, the server \+(?:299|30\d) s/u,
    remedy: /whose clock is wrong: the server, or this one\ntimedatectl set-ntp true/u,
  },
  {
    what: "Prosody's clock is five minutes slow",
    planted: { prosody: ({ lateProsody }) => lateProsody, xmpp: 'Prosody v2' },
    check: 'clock',
    says: /the server agrees, the XMPP server -(?:299|30\d) s/u,
    remedy: /whose clock is wrong: the XMPP server, or this one\ntimedatectl set-ntp true/u,
  },
  {
    what: 'nginx listens at one of two addresses',
    planted: { addresses: TWO },
    check: 'reach',
    says: /does not accept connections \(127\.0\.0\.3: ECONNREFUSED\)/u,
    remedy: /ss -ltn/u,
  },
  {
    what: 'at the second address nginx has another site',
    planted: {
      addresses: TWO,
      nginx: (place) => ({
        ...atBoth(place),
        [LAST]: `${LAST} if ($server_addr = ${TWO[1]}) { return 404; }`,
      }),
    },
    check: 'addresses',
    says: /at 127\.0\.0\.3 it is not the server that answers \(404 by nginx/u,
    remedy: /listen 443 ssl;[^]*remove this\nlocalhost\. IN A 127\.0\.0\.3/u,
  },
  {
    what: 'the second address leads to a server that shares nothing with the first',
    planted: {
      addresses: TWO,
      nginx: (place) => ({
        ...atBoth(place),
        ...inHttp(
          `map $server_addr $server_of_it { ${TWO[1]} 127.0.0.1:${place.strange.port}; default 127.0.0.1:${place.right.port}; }`,
        ),
        ...passing(place, '$server_of_it'),
      }),
    },
    check: 'same-server',
    says: /3 of 6 requests .* did not find it \(404 by nginx\S* at 127\.0\.0\.3\)/u,
    remedy: /backend = "redis"/u,
  },
]
