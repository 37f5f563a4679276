import { type Script, script } from './connection.ts'

/*
 * A slot's lease is a hash: its holder, and the newest of those who wait for it. Both are contenders,
 * `<process>/<number>`. Whoever a change concerns is told through the inbox of its process.
 *
 * Keys: the lease. Arguments: contender, life of the lease in milliseconds, prefix of inboxes, slot; who
 * asks also says where its request comes from.
 */
const COMMON = `
local lease, me, life, inbox, slot = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local holder = redis.call('HGET', lease, 'holder')
local waiter = redis.call('HGET', lease, 'waiter')

local function processOf(contender) return string.match(contender, '^[^/]+') end

local function tell(contender, word)
  redis.call('PUBLISH', inbox .. processOf(contender), word .. ' ' .. contender .. ' ' .. slot .. ' ' .. me .. ' ' .. (ARGV[5] or ''))
end

local function give(contender)
  redis.call('HSET', lease, 'holder', contender)
  redis.call('HDEL', lease, 'waiter')
  redis.call('PEXPIRE', lease, life)
end
`

/**
 * Asks for the lease; answers who has it then. A process sorts its own contenders out by itself,
 * so what an earlier one of it holds was given back already.
 */
export const ASK: Script = script(`${COMMON}
if waiter then tell(waiter, 'superseded') end
if not holder or processOf(holder) == processOf(me) then
  give(me)
  return me
end
redis.call('HSET', lease, 'waiter', me)
tell(holder, 'asked')
return holder
`)

/**
 * Asks again; answers who has it then, or nothing if somebody newer asked. Sixth argument: a holder
 * that kept silent, whom the lease is taken away from.
 */
export const INSIST: Script = script(`${COMMON}
if holder == me then return me end
if not holder then
  give(me)
  return me
end
if waiter ~= me then return false end
if holder == ARGV[6] then
  tell(holder, 'lost')
  give(me)
  return me
end
tell(holder, 'asked')
return holder
`)

/** Gives the lease back, to the one who waits if there is one; stops waiting. */
export const GIVE_BACK: Script = script(`${COMMON}
if waiter == me then redis.call('HDEL', lease, 'waiter') end
if holder ~= me then return end
if waiter and waiter ~= me then
  give(waiter)
  tell(waiter, 'given')
else
  redis.call('DEL', lease)
end
`)

/** Lengthens the life of a lease that is held; answers 0 if it is gone or somebody else has it. */
export const RENEW: Script = script(`${COMMON}
if holder ~= me then return 0 end
redis.call('PEXPIRE', lease, life)
return 1
`)
