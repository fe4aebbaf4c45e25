/** How much code a pad may hold, so that nothing is sent that the server refuses or hangs up on. */

/** Bytes of code that the server keeps at most; it counts them in UTF-8 (`concepts/code-pad`). */
const MOST = 512 * 1024;
/** Bytes of a message at most; whoever sends a longer one is disconnected. Line ends and quotes count twice in it. */
const MESSAGE = 1024 * 1024;
/** Bytes of a message beside its code, amply. */
const REST = 1024;

const bytes = (text: string): number => new TextEncoder().encode(text).length;

export const fits = (code: string): boolean => bytes(code) <= MOST && bytes(JSON.stringify(code)) + REST <= MESSAGE;
