// Prints one clear sentence instead of "Unknown file extension .ts" if a program is started with an older Node than the one
// that `npm ci` installs. It is loaded first (`node --import`), and is plain JavaScript, because every Node must read it.
const wanted = 24;

if (Number(process.versions.node.split('.')[0]) < wanted) {
  console.error(
    `PaidOnce needs Node ${wanted} here and this is ${process.version}. Run "npm ci" and start it as an npm script: that brings its own Node.`,
  );
  process.exit(1);
}
