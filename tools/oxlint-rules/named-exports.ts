import type { Rule } from './syntax.ts'

/** `export *` hides what a package offers, also from the dead-code check. */
export const namedExports: Rule = {
  create(context) {
    return {
      ExportAllDeclaration(node) {
        context.report({ node, message: 'Name what is exported.' })
      },
    }
  },
}
