import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expectVersion } from '../../src/client/node/needed-version.ts'

for (const version of ['4.9.1', '18.20.8', '20.20.2', '21.7.3', '22.12.0']) {
  test(`Node.js ${version} is too old for the client, which says so in one line`, () => {
    assert.throws(() => expectVersion(version), {
      message:
        /^hmac-file-server\/client needs Node\.js 22\.13 or later; this is [\d.]+\. Get it from .+$/u,
    })
    assert.throws(
      () => expectVersion(version),
      ({ message }) => message.includes(` ${version}.`),
    )
  })
}

for (const version of ['22.13.0', '23.0.0', '24.18.0', '26.1.0']) {
  test(`Node.js ${version} is new enough for the client`, () => expectVersion(version))
}
