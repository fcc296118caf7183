// Runs a suite against a server of one node in a container. Without Docker the suite is skipped, with a warning.
import { createServer } from 'node:net';
import { type GenericContainer, getContainerRuntimeClient, type StartedTestContainer, Wait } from 'testcontainers';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { type ServerUnderTest, serverSuite } from './server-suite.test-support.ts';

export interface ContainerSuite {
  readonly image: string;
  readonly container: (image: string) => GenericContainer;
  readonly environment: Readonly<Record<string, string>>;
  readonly scheme: 'esdb' | 'kurrentdb';
  readonly connect: ServerUnderTest['connect'];
}

const minuteMs = 60_000;

export async function containerSuite({ image, container, environment, scheme, connect }: ContainerSuite): Promise<void> {
  const hasDocker = await getContainerRuntimeClient().then(
    () => true,
    () => false,
  );
  if (!hasDocker) {
    console.warn(`SKIPPED: ${image}. There is no Docker here. Set EVENTSTOREDB_URL to test against a server that runs`);
    describe(`the store on ${image}`, () => test.skip('needs Docker', () => undefined));
    return;
  }
  describe(`in a container, ${image}`, () => {
    let started: StartedTestContainer;
    let port = 0;
    beforeAll(async () => {
      port = await freePort(); // A fixed port, so that it is the same after a restart.
      started = await container(image)
        .withEnvironment(environment)
        .withExposedPorts({ container: 2113, host: port })
        .withWaitStrategy(Wait.forHttp('/health/live', 2113).forStatusCode(204))
        .withStartupTimeout(3 * minuteMs)
        .start();
    });
    afterAll(async () => void (await started?.stop()));
    serverSuite({
      name: image,
      url: () => `${scheme}://127.0.0.1:${port}?tls=false`,
      connect,
      killAndRestart: () => started.restart({ timeout: 0 }), // A timeout of 0 means SIGKILL.
    });
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}
