/** What the package gives to back ends: the signer of URLs, and nothing that would start or open anything. */

export { type SigningOptions, signedPath } from './links/url-signer.js';
