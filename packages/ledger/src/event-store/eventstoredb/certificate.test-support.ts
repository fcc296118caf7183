// Makes a self-signed certificate for 127.0.0.1, a new one for each test, so that no key is in the repository.
import { generateKeyPairSync, sign } from 'node:crypto';

export interface SelfSigned {
  /** The private key as PEM. */
  readonly key: string;
  /** The certificate as PEM. */
  readonly certificate: string;
}

export function selfSigned(): SelfSigned {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const ecdsaWithSha256 = sequence(bytes(0x06, Buffer.from('2a8648ce3d040302', 'hex')));
  const commonName = sequence(set(sequence(bytes(0x06, Buffer.from('550403', 'hex')), bytes(0x0c, Buffer.from('127.0.0.1')))));
  const day = 86_400_000;
  const validity = sequence(time(Date.now() - day), time(Date.now() + day));
  const ipAddress = bytes(0x87, Buffer.from([127, 0, 0, 1]));
  const alternativeName = sequence(bytes(0x06, Buffer.from('551d11', 'hex')), bytes(0x04, sequence(ipAddress)));
  const toBeSigned = sequence(
    bytes(0xa0, integer(2)), // Version 3.
    integer(1),
    ecdsaWithSha256,
    commonName,
    validity,
    commonName,
    publicKey.export({ type: 'spki', format: 'der' }),
    bytes(0xa3, sequence(alternativeName)),
  );
  const signature = bytes(0x03, Buffer.concat([Buffer.from([0]), sign('sha256', toBeSigned, privateKey)]));
  const der = sequence(toBeSigned, ecdsaWithSha256, signature);
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificate: `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`,
  };
}

/** Returns one element of DER: tag, length, content. */
function bytes(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return bytes(0x30, Buffer.concat(parts));
}

function set(part: Buffer): Buffer {
  return bytes(0x31, part);
}

function integer(value: number): Buffer {
  return bytes(0x02, Buffer.from([value]));
}

function time(ms: number): Buffer {
  return bytes(0x17, Buffer.from(`${new Date(ms).toISOString().slice(2, 19).replace(/[-:T]/g, '')}Z`));
}
