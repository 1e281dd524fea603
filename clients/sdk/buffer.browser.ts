/** Browsers have no Buffer: the bundler puts this one wherever the code names it (`npm run bundle`). */
export { Buffer } from 'buffer/';
