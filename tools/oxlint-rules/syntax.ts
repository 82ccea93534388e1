/** The few parts of the linter's syntax tree and plug-in interface (ESLint's) that our rules use. */
export interface Node {
  readonly type: string
  readonly value?: unknown
  readonly name?: string
  readonly source?: Node | null
  readonly argument?: Node
  readonly callee?: Node
  readonly arguments?: readonly Node[]
}

export interface Context {
  readonly filename: string
  readonly cwd: string
  report(problem: { node: Node; message: string }): void
}

export interface Rule {
  create(context: Context): Record<string, (node: Node) => void>
}

/** @returns the file's path below the repository, with forward slashes */
export function pathInRepository(context: Context): string {
  return context.filename.slice(context.cwd.length + 1).replaceAll('\\', '/')
}
