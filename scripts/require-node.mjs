// Prints one clear sentence instead of "Unknown file extension .ts" if a program is started with an older Node than the one
// that `npm ci` installs. It is loaded first (`node --import`), and is plain JavaScript, because every Node must read it.
const wanted = 24;
/** For these `npm ci` brings a Node: the optional dependencies of package.json. */
const brought = ['linux-x64', 'linux-arm64', 'win32-x64'];

if (Number(process.versions.node.split('.')[0]) < wanted) {
  const remedy = brought.includes(`${process.platform}-${process.arch}`)
    ? 'Run "npm ci" and start it as an npm script: that brings its own Node.'
    : `Install Node ${wanted}, from https://nodejs.org or with a version manager, and start it again: "npm ci" brings none for this system.`;
  console.error(`PaidOnce needs Node ${wanted} here and this is ${process.version}. ${remedy}`);
  process.exit(1);
}
