// Preloaded into the Node processes of the stack. Their standard input is a pipe from the stack. It closes when the
// stack exits, even if the stack is killed.
process.stdin.on('end', () => process.kill(process.pid, 'SIGTERM')).on('error', () => {}).resume();
process.stdin.unref?.();
