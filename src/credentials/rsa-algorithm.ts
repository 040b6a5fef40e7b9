/** What an RSA key may be good for (RFC 7518 §3.3, §3.5). Of all kinds of key only RSA leaves a choice. */

export const RSA_ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const;
export type RsaAlgorithm = (typeof RSA_ALGORITHMS)[number];
