#!/usr/bin/env node
// Plain old JavaScript: an old Node.js must be able to parse this file to say what is wrong.
import { existsSync } from 'fs'
import { fileURLToPath } from 'url'

var NEEDED = [24, 18]

function isNewEnough(version) {
  var found = version.split('.').map(Number)
  return found[0] > NEEDED[0] || (found[0] === NEEDED[0] && found[1] >= NEEDED[1])
}

function fail(message) {
  process.stderr.write(message + '\n')
  process.exitCode = 1
}

// A checkout runs its TypeScript as it is; an installed package what was made of it.
function start() {
  var source = new URL('../src/cli/main.ts', import.meta.url)
  var built = new URL('../dist/cli/main.js', import.meta.url)
  var isCheckout = existsSync(source)
  return (isCheckout ? keepCompiled() : Promise.resolve())
    .then(function () {
      return import((isCheckout ? source : built).href)
    })
    .then(function (program) {
      return program.run()
    })
}

// Stripping types takes time and memory at every start, unless its result is kept. Where it may not be, it is done again.
function keepCompiled() {
  var modules = new URL('../node_modules/', import.meta.url)
  if (!existsSync(modules)) return Promise.resolve()
  return import('module').then(function (module) {
    var folder = new URL('.cache/hmac-file-server/', modules)
    return module.enableCompileCache(fileURLToPath(folder))
  })
}

if (isNewEnough(process.versions.node)) {
  start().catch(function (error) {
    fail(error.stack)
  })
} else {
  fail(
    'hmac-file-server needs Node.js ' +
      NEEDED.join('.') +
      ' or later; this is ' +
      process.versions.node +
      '.\nGet it from https://nodejs.org/en/download or with a version manager: nvm install 24',
  )
}
