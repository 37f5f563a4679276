import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tellingOnce } from '../../src/core/trouble.ts'

test('trouble is told of when it begins, and again only after it was over', () => {
  const told: string[] = []
  const tell = tellingOnce((trouble: string) => told.push(trouble))
  for (const trouble of [undefined, 'a', 'b', undefined, undefined, 'c', 'd']) tell(trouble)
  assert.deepEqual(told, ['a', 'c'])
})
