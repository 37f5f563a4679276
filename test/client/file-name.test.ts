import assert from 'node:assert/strict'
import test from 'node:test'
import { fileNameOf } from '../../src/client/file-name.ts'

const URL_OF_FILE = 'https://files.example/up/a1b2/caf%C3%A9.jpg?v=1'

function named(disposition: string | null): string | undefined {
  return fileNameOf(disposition, URL_OF_FILE)
}

test('the name is what Content-Disposition says, the encoded form first', () => {
  assert.equal(named('attachment; filename="cat.mp4"'), 'cat.mp4')
  assert.equal(named('inline; filename=cat.mp4'), 'cat.mp4')
  assert.equal(named('Attachment; FILENAME = "a \\"b\\".txt"'), 'a "b".txt')
  const both = `attachment; filename="?.txt"; filename*=UTF-8''%E2%82%AC%20rates.txt`
  assert.equal(named(both), '€ rates.txt')
})

test('what looks like a parameter inside a quoted name is a part of it', () => {
  assert.equal(
    named(`attachment; filename="a; filename*=UTF-8''b.txt"`),
    `a; filename*=UTF-8''b.txt`,
  )
})

test('without a name in the field, the URL has one', () => {
  for (const field of [null, 'inline', 'attachment; filename=""', 'attachment; filename=".."']) {
    assert.equal(named(field), 'café.jpg')
  }
  assert.equal(fileNameOf(null, 'https://files.example/%ff.bin'), '%ff.bin')
  assert.equal(fileNameOf(null, 'https://files.example/'), undefined)
})

test('no name leads into another folder, hides the file, or shows as something else', () => {
  assert.equal(named('attachment; filename="../../etc/passwd"'), 'passwd')
  assert.equal(named('attachment; filename="C:\\\\Windows\\\\a.dll"'), 'a.dll')
  assert.equal(named(`attachment; filename*=UTF-8''..%2f.bashrc`), 'bashrc')
  assert.equal(named(`attachment; filename*=UTF-8''a%00%0Ab.txt`), 'ab.txt')
  assert.equal(named(`attachment; filename*=UTF-8''photo%E2%80%AEgpj.exe`), 'photogpj.exe')
  assert.equal(fileNameOf(null, 'https://files.example/a%2f..%2f..%5cx'), 'x')
})

test('nothing in front of a dot makes it the first character of a name', () => {
  for (const hidden of [
    '%20.bashrc',
    '%E2%80%AE.bashrc',
    '%09.bashrc',
    '.%20.%E2%80%8F%C2%A0.bashrc',
  ]) {
    assert.equal(named(`attachment; filename*=UTF-8''${hidden}`), 'bashrc')
  }
  for (const folder of ['%20..', '.%20.', '..%E2%81%A6', '%00..%20']) {
    assert.equal(named(`attachment; filename*=UTF-8''${folder}`), 'café.jpg')
  }
  assert.equal(named('attachment; filename=" .."'), 'café.jpg')
  assert.equal(named('attachment; filename="a.txt. . "'), 'a.txt')
})
