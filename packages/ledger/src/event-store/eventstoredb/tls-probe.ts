// Finds out whether a server speaks TLS, where the URL says that it does not. The clients only report a broken connection, as
// they do for a server that is restarting.
import { connect } from 'node:tls';

const waitMs = 500;
const defaultPort = 2113;
const namesNoTls = /[?&]tls=false(&|$)/i;

/** What to do, as a sentence without a full stop. Undefined: the URL asks for TLS, or no host of it speaks TLS. */
export async function adviceOnTls(url: string): Promise<string | undefined> {
  if (!namesNoTls.test(url)) return undefined;
  const [, hosts = ''] = /^[a-z+]+:\/\/(?:[^/?#@]*@)?([^/?#]*)/i.exec(url) ?? [];
  const speaking = await Promise.all(hosts.split(',').map(speaksTls));
  if (!speaking.includes(true)) return undefined;
  return 'The server speaks TLS, and the URL says that it does not. Take ?tls=false off the URL, and name its CA (?tlsCAFile=ca.crt)';
}

function speaksTls(authority: string): Promise<boolean> {
  const [, host = '', port = ''] = /^(.*?)(?::(\d+))?$/.exec(authority) ?? [];
  return new Promise((resolve) => {
    // Who the server is does not matter here: nothing is sent to it.
    const socket = connect({ host, port: Number(port) || defaultPort, ALPNProtocols: ['h2'], rejectUnauthorized: false });
    const end = (speaks: boolean) => (): void => {
      socket.destroy();
      resolve(speaks);
    };
    socket.setTimeout(waitMs, end(false));
    socket.once('secureConnect', end(true)).once('error', end(false)).once('close', end(false));
  });
}
