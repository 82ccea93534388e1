import { posix } from 'node:path'
import { mayImport, packageOf, roomOf } from './rooms.ts'
import { pathInRepository, type Node, type Rule } from './syntax.ts'

/** Each import, static, dynamic, re-exporting or of types alone, must be one that the table of rooms allows. */
export const whoImportsWhom: Rule = {
  create(context) {
    const file = pathInRepository(context)
    const check = (node: Node): void => {
      const specifier = (node.source ?? node.argument)?.value
      if (typeof specifier === 'string') {
        const problem = problemOf(file, specifier)
        if (problem !== null) context.report({ node, message: problem })
      } else if (node.type === 'ImportExpression') {
        context.report({ node, message: 'The name of a module must be a plain string, so that the rules can see it.' })
      }
    }
    return {
      ImportDeclaration: check,
      ImportExpression: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      TSImportType: check,
    }
  },
}

/** @returns what is wrong with this import in this file, or null */
function problemOf(file: string, specifier: string): string | null {
  const room = roomOf(file)
  if (room === null) return file.includes('/') ? `${file} lies in no room of tools/oxlint-rules/rooms.ts.` : null
  if (specifier.startsWith('.') || specifier.startsWith('/')) {
    const target = posix.join(posix.dirname(file), specifier)
    const inside = !specifier.startsWith('/') && room.reaches.some((folder) => target.startsWith(`${folder}/`))
    return inside ? null : `${room.folder} may not reach into ${target} by path.`
  }
  if (specifier.startsWith('@holdfast/') && specifier !== packageOf(specifier)) {
    return `No deep imports: ${packageOf(specifier)} offers what its src/index.ts exports.`
  }
  return mayImport(room, specifier) ? null : `${room.folder} may not import ${specifier}.`
}
