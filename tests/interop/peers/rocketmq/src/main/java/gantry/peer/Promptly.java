package gantry.peer;

/**
 * Closes a client without the wait of up to 3 s for its NettyEventExecutor, which notices the end only when its poll of
 * the event queue returns. An interrupt wakes it; it logs that and, unless it was told to stop, polls again.
 */
final class Promptly {
    interface Work { void run() throws Exception; }

    static void run(Work shutdown) throws Exception {
        Thread waker = new Thread(() -> {
            try {
                while (true) {
                    Thread.sleep(50);
                    Thread.getAllStackTraces().keySet().stream().filter(t -> t.getName().equals("NettyEventExecutor")).forEach(Thread::interrupt);
                }
            } catch (InterruptedException e) {
                // the shutdown is over
            }
        }, "promptly");
        waker.start();
        try {
            shutdown.run();
        } finally {
            waker.interrupt();
            waker.join();
        }
    }
}
