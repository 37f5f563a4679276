import { choice, integer, path } from '../kinds.ts'
import { optional, section } from '../option.ts'

export const geo = section('Databases that say where addresses are, in the MMDB format.', {
  asn_database: optional(
    path({
      default: '/var/lib/GeoIP/GeoLite2-ASN.mmdb',
      help:
        'Autonomous systems, and by their names or kinds which networks are mobile, fixed or of servers: for audit ' +
        'and metrics. Read again when it changes.',
    }),
  ),
  city_database: optional(
    path({
      default: '/var/lib/GeoIP/GeoLite2-City.mmdb',
      help:
        'Countries and positions; one of countries alone will do, but shows no travel. Read again ' +
        'when it changes. Not set: country_change, max_speed_kmh and threats.session_in_two_countries have no effect.',
    }),
  ),
  country_change: choice(['off', 'challenge', 'reauth'], {
    reload: true,
    default: 'challenge',
    help: 'What a change of network into another country asks for: nothing, level 2 or level 3.',
  }),
  max_speed_kmh: integer({
    reload: true,
    default: 1_000,
    min: 0,
    max: 100_000,
    help:
      'Level 3 for a change of network to a place that nobody reaches as fast as this; a position ' +
      'counts as right within 250 km at best. 0: off.',
  }),
})
