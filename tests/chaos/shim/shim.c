/* Preloaded into a controller: a wall clock that is wrong, and a disk that fails or is slow, as the mapped file that
 * $CHAOS_SHIM names says at each moment. Only fdatasync, fsync and writes to regular files fail. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct control {
  int64_t wall_offset_ms;
  int64_t sync_errno;
  int64_t write_errno;
  int64_t sync_delay_ms;
};
static struct control none;
static volatile struct control* control = &none;

static int (*real_clock_gettime)(clockid_t, struct timespec*);
static int (*real_fdatasync)(int);
static int (*real_fsync)(int);
static ssize_t (*real_write)(int, const void*, size_t);
static ssize_t (*real_pwrite)(int, const void*, size_t, off_t);

__attribute__((constructor)) static void begin(void) {
  real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
  real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
  real_fsync = dlsym(RTLD_NEXT, "fsync");
  real_write = dlsym(RTLD_NEXT, "write");
  real_pwrite = dlsym(RTLD_NEXT, "pwrite");
  const char* path = getenv("CHAOS_SHIM");
  int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) return;
  void* mapped = mmap(0, sizeof none, PROT_READ, MAP_SHARED, file, 0);
  if (mapped != MAP_FAILED) control = mapped;
  close(file);
}

int clock_gettime(clockid_t clock, struct timespec* out) {
  if (!real_clock_gettime) real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
  int result = real_clock_gettime(clock, out);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
    int64_t ms = control->wall_offset_ms;
    out->tv_sec += ms / 1000;
  }
  return result;
}
int gettimeofday(struct timeval* out, void* zone) {
  (void)zone;
  struct timespec now;
  int result = clock_gettime(CLOCK_REALTIME, &now);
  out->tv_sec = now.tv_sec;
  out->tv_usec = now.tv_nsec / 1000;
  return result;
}
time_t time(time_t* out) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (out) *out = now.tv_sec;
  return now.tv_sec;
}

static int sync_fails(void) {
  int64_t ms = control->sync_delay_ms;
  for (; ms > 0 && control->sync_delay_ms > 0; ms -= 10) usleep(10000);
  if (control->sync_errno) {
    errno = (int)control->sync_errno;
    return 1;
  }
  return 0;
}
int fdatasync(int file) { return sync_fails() ? -1 : real_fdatasync(file); }
int fsync(int file) { return sync_fails() ? -1 : real_fsync(file); }
static int write_fails(int file) {
  struct stat info;
  if (!control->write_errno || fstat(file, &info) != 0 || !S_ISREG(info.st_mode)) return 0;
  errno = (int)control->write_errno;
  return 1;
}
ssize_t pwrite(int file, const void* data, size_t size, off_t at) {
  return write_fails(file) ? -1 : real_pwrite(file, data, size, at);
}
ssize_t write(int file, const void* data, size_t size) {
  if (write_fails(file)) return -1;
  if (!real_write) real_write = dlsym(RTLD_NEXT, "write");
  return real_write(file, data, size);
}
