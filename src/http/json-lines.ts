/** Ends each JSON answer with a newline: in a terminal, the prompt would else stand behind its last brace. */

import type { FastifyInstance } from 'fastify';

const JSON_TYPE = /^application\/(?:problem\+)?json\b/;

/** Before the routes are registered. The length is counted after it. */
export function answerInLines(app: FastifyInstance): void {
  app.addHook('onSend', async (_request, reply, payload) => {
    if (typeof payload !== 'string' || payload.endsWith('\n')) return payload;
    return JSON_TYPE.test(String(reply.getHeader('content-type'))) ? `${payload}\n` : payload;
  });
}
