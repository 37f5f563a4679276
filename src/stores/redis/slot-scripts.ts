import { type Script, script } from './connection.ts'

/*
 * A record is stored as one text: `<lease> <size> <owner>`, a line end, the record as JSON. The size is
 * `-` unless the slot reserves. Everything derived from the records of a bucket is changed by the
 * script that changes the record, so that it can't say anything else than they do.
 *
 * Keys: the record, and of its bucket all, reserving, due, reserved.
 * Arguments: fingerprint, held lease, text, time at which it is due (empty: never).
 */
const COMMON = `
local record, all, reserving, due, reserved = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local fingerprint, held, text, dueAt = ARGV[1], ARGV[2], ARGV[3], ARGV[4]

local function count(stored, sign)
  local size, owner = string.match(stored, '^%S+ (%S+) (%S*)\\n')
  if size == '-' then return false end
  local uploads, bytes = 'uploads ' .. owner, 'bytes ' .. owner
  if size ~= '0' then redis.call('HINCRBY', reserved, bytes, sign .. size) end
  local left = redis.call('HINCRBY', reserved, uploads, sign .. '1')
  if left == 0 then redis.call('HDEL', reserved, uploads, bytes) end
  return true
end

local function put()
  redis.call('SET', record, text)
  redis.call('ZADD', all, 0, fingerprint)
  if count(text, '') then redis.call('ZADD', reserving, 0, fingerprint)
  else redis.call('ZREM', reserving, fingerprint) end
  if dueAt == '' then redis.call('ZREM', due, fingerprint)
  else redis.call('ZADD', due, dueAt, fingerprint) end
end

local function heldRecord()
  local stored = redis.call('GET', record)
  if stored and string.match(stored, '^%S+') == held then return stored end
  return false
end
`

/** Stores a record if there is none; answers the one that was there. */
export const CREATE: Script = script(`${COMMON}
local stored = redis.call('GET', record)
if not stored then put() end
return stored
`)

/** Replaces a record whose lease is held; answers the one that was there, nothing if it is not held. */
export const REPLACE: Script = script(`${COMMON}
local stored = heldRecord()
if stored then
  count(stored, '-')
  put()
end
return stored
`)

/** Removes a record whose lease is held; answers as the one above. */
export const REMOVE: Script = script(`${COMMON}
local stored = heldRecord()
if stored then
  count(stored, '-')
  redis.call('DEL', record)
  redis.call('ZREM', all, fingerprint)
  redis.call('ZREM', reserving, fingerprint)
  redis.call('ZREM', due, fingerprint)
end
return stored
`)
