/** What a flag is, and those that several commands share: one wording, one meaning. */

export interface Flag {
  /** Without dashes; `HOLDFAST_<NAME>` and the key of the same name in config.toml give it too. */
  name: string
  type: 'string' | 'boolean'
  short?: string
  multiple?: boolean
  /** What stands behind a string flag in help, such as `HINT`. */
  value?: string
  help: string
}

export const FLAG_FROM: Flag = {
  name: 'from',
  type: 'string',
  multiple: true,
  value: 'HINT',
  help: 'where to look: a multiaddr with /p2p/…, or the https URL of a mirror (repeatable)',
}
export const FLAG_ALLOW_PRIVATE: Flag = {
  name: 'allow-private',
  type: 'boolean',
  help: 'follow hints in a link that point to this machine or the local network',
}
export const FLAG_STRICT: Flag = {
  name: 'strict',
  type: 'boolean',
  help: 'fail when the maintainers have not confirmed the newest release in time',
}
export const FLAG_ARCHIVE: Flag = {
  name: 'archive',
  type: 'string',
  value: 'ADDRESS',
  help: 'which archive, where the home knows several',
}
export const FLAG_KEY: Flag = { name: 'key', type: 'string', value: 'FILE', help: 'the key file of a maintainer' }
export const FLAG_PASSPHRASE_FILE: Flag = {
  name: 'passphrase-file',
  type: 'string',
  value: 'FILE',
  help: 'read the passphrase from the first line of this file',
}

/** Flags that every command takes. */
export const GLOBAL_FLAGS: readonly Flag[] = [
  {
    name: 'home',
    type: 'string',
    value: 'DIR',
    help: 'where holdfast keeps everything (else HOLDFAST_HOME, else the usual folders of the system)',
  },
  { name: 'json', type: 'boolean', help: 'one JSON object on stdout instead of text' },
  { name: 'verbose', type: 'boolean', help: 'say more, with stacks of errors' },
  { name: 'help', type: 'boolean', short: 'h', help: 'show this' },
]
