import fc from 'fast-check';
import { expect, it } from 'vitest';
import { calledBy, parseFront } from './front-program.ts';

it('at its prompt the shell itself is in front', () => {
  expect(parseFront('Ss+  /bin/bash -l\n')).toEqual({ words: '/bin/bash -l', isOwnShell: true, isShell: true });
});

it('a program in front is named as it was called, the first of a pipe', () => {
  expect(parseFront('Ss   /bin/bash -l\nS+   ping 172.17.0.2\nS+   tee out\n')).toEqual({
    words: 'ping 172.17.0.2',
    isOwnShell: false,
    isShell: false,
  });
});

it.each([
  ['docker exec -it client sh', true],
  ['bash', true],
  ['nsenter -t 812 -n -- /bin/bash -l', true],
  ['docker run --rm -it busybox', true],
  ['docker exec -i -t web /bin/sh', true],
  ['ip netns exec web bash', true],
  ['sudo bash', true],
  ['cat', false],
  ['tcpdump -ni docker0', false],
  ['vi sh.txt', false],
  ['docker pull busybox', false],
  ['docker stop busybox', false],
  ['docker run -d --name web busybox', false],
  ['apt-get install -y zsh', false],
  ['man bash', false],
  ['less /bin/sh', false],
])('%s is a shell: %s', (args, expected) => {
  expect(parseFront(`Ss   /bin/bash -l\nSl+  ${args}\n`)).toMatchObject({ words: args, isShell: expected });
});

it('what runs behind is not in front', () => expect(parseFront('Ss   /bin/bash -l\nS    sleep 5\n')).toBeNull());

it('whatever it is called, its words are short and harmless', () => {
  expect(parseFront(`S+  evil\x1b[31m ${'x'.repeat(500)}`)?.words).toMatch(/^evil\\u001b\[31m x+…$/);
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (args) => {
      const words = parseFront(`S+   ${args}\n`)?.words ?? '';
      expect(words.length).toBeLessThanOrEqual(60);
      expect(words).not.toMatch(/\p{Cc}/u);
    }),
  );
});

it.each([
  'docker compose exec web sh',
  'docker container exec -it web sh',
  'docker exec --interactive --tty web sh',
  'docker -H tcp://10.0.0.1 exec -it web bash',
  'busybox sh',
  'setsid bash',
  'sudo -i bash',
  'env TERM=dumb bash',
])('%s is a shell, and Ctrl-D ends it', (words) => {
  expect(calledBy(words).isShell).toBe(true);
});

it.each(['sudo docker pull busybox', 'sudo man bash', 'bash warm.sh', 'docker exec web cat /bin/sh'])(
  '%s is none',
  (words) => {
    expect(calledBy(words).isShell).toBe(false);
  },
);
