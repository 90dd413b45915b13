// Preloaded into the Node processes of the stack: their standard input is a pipe from it, and when that closes the
// stack is gone, even if it was killed and could not end them.
process.stdin.on('end', () => process.kill(process.pid, 'SIGTERM')).on('error', () => {}).resume();
process.stdin.unref?.();
