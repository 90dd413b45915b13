/** Whether this is one of two phones on one page. */
export const isInFrame = window.parent !== window;
