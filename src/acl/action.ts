/**
 * The three actions, `read` < `write` < `manage`, each of which includes those before it, and the one mapping
 * from an HTTP method to the action that it takes (DESIGN §1).
 */

export const ACTIONS = ['read', 'write', 'manage'] as const;
export type Action = (typeof ACTIONS)[number];

const RANK: Readonly<Record<Action, number>> = { read: 0, write: 1, manage: 2 };

export function parseAction(text: string): Action | undefined {
  return ACTIONS.find((action) => action === text);
}

/** Whether `greater` includes `lesser`: manage includes write, write includes read, each includes itself. */
export function includes(greater: Action, lesser: Action): boolean {
  return RANK[greater] >= RANK[lesser];
}

/** `action` and every greater one: what a revoke of `action` takes away. */
export function andGreater(action: Action): readonly Action[] {
  return ACTIONS.slice(RANK[action]);
}

/** What an HTTP method (RFC 9110 §9) does to the file. A method that we do not know may change it. */
export function actionOfMethod(method: string): Action {
  return method === 'GET' || method === 'HEAD' ? 'read' : 'write';
}
