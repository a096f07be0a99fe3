// Whether a program in the guest holds a virtio port open. The guest's kernel tells the device when it changes, in a control
// message (virtio 1.2, section 5.3.6.2; drivers/char/virtio_console.c, port_fops_open and port_fops_release: the last program
// that holds it has let go). v86 reads these messages and passes none on.
import type { EmulatedConsole } from './v86-internals.ts';

const controlQueue = 3;
const portOpen = 6;

export function watchPort(device: EmulatedConsole, port: number, onChange: (open: boolean) => void): void {
  const queue = device.virtio.queues[controlQueue];
  const pop = queue?.pop_request?.bind(queue);
  if (queue === undefined || pop === undefined)
    throw new Error('this v86 has another virtio console than the one that port-events.ts was written for');
  queue.pop_request = () => {
    const request = pop();
    const read = request.get_next_blob.bind(request);
    request.get_next_blob = (bytes) => {
      const count = read(bytes);
      // struct virtio_console_control: port 4, event 2, value 2, little endian
      if (bytes.length >= 8) {
        const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        if (view.getUint32(0, true) === port && view.getUint16(4, true) === portOpen)
          onChange(view.getUint16(6, true) !== 0);
      }
      return count;
    };
    return request;
  };
}
