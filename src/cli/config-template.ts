import { OPTIONS, OPTION_ENTRIES, type OptionEntry } from '../config/options.ts'
import { tomlText } from '../config/toml-text.ts'

/** Values by `section.key` that the file sets; every other option stands there as a comment. */
export type Settings = Readonly<Record<string, unknown>>

const WIDTH = 98

/** A configuration file that explains every option. */
export function configTemplate(settings: Settings): string {
  const sections = Map.groupBy(OPTION_ENTRIES, (entry) => entry.section)
  const helps = new Map(Object.entries(OPTIONS).map(([name, { help }]) => [name, help]))
  const parts = [...sections].map(([name, entries]) =>
    [
      ...comment(helps.get(name) ?? ''),
      `[${name}]`,
      ...entries.flatMap((entry) => ['', ...optionLines(entry, settings)]),
      '',
    ].join('\n'),
  )
  return [
    '# hmac-file-server. What is commented out shows the default, or an example where there is none.',
    '# Check it with: hmac-file-server check --config FILE\n',
    ...parts,
  ].join('\n')
}

function optionLines({ name, key, option }: OptionEntry, settings: Settings): string[] {
  const value = settings[name]
  const line = `${key} = ${tomlText(value ?? option.fallback ?? option.example)}`
  return [
    ...comment(option.help),
    ...comment(`Allowed: ${option.allowed}`),
    value === undefined ? `# ${line}` : line,
  ]
}

function comment(text: string): string[] {
  const lines: string[] = []
  let line = '#'
  for (const word of text.split(' ')) {
    if (line.length + word.length >= WIDTH) {
      lines.push(line)
      line = '#'
    }
    line += ` ${word}`
  }
  return [...lines, line]
}
