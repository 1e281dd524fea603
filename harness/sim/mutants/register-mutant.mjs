/** Loaded before a worker that is to run a mutant: PARLEY_SIM_MUTANT says which file is changed, and how. */
import { register } from 'node:module';

const { file, find, replace } = JSON.parse(process.env['PARLEY_SIM_MUTANT']);
const url = new URL(`../../../${file}`, import.meta.url).href;
register(new URL('mutant-hook.mjs', import.meta.url), { data: { url, find, replace } });
