import { v86Driver } from './driver.ts';
import { browserThread, browserWasm } from './thread/thread-browser.ts';

export const driver = v86Driver(browserThread, browserWasm);
