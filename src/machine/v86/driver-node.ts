import { v86Driver } from './driver.ts';
import { nodeThread, nodeWasm } from './thread/thread-node.ts';

export const driver = v86Driver(nodeThread, nodeWasm);
