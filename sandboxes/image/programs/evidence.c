// What the kernel says of single packets: which it dropped, where and why, and what connection tracking turned into what. A part of
// the agent: its port is descriptor 3, the token of who may write on it is a byte in 8, and it is asked on its standard input; the
// first question is its argument.
//
//   in    status              say what is watched
//         sockets 0|1         tell of each packet that TCP or UDP got, too
//         rules [MATCHES[ | MATCHES]...]   tell which rules saw the packets that one of these matches, in the words of nft; without
//                             any, no more
//         flush TOKEN         say so when all that has happened until now is told
//         rest                end, until something is asked again: the kernel goes on noting what it drops
//   out   evidence MONO REAL ITEM[RS ITEM]...     the time of both clocks, seconds. Each item is a letter, and lines with US between:
//           T  of trace_pipe          C  of "conntrack -E"          L  the table, of "conntrack -L"
//           S  this program has begun: what was before it was told of by nobody
//           W  on|off 0|1 MONO WORDS: whether drops are told of, whether sockets are, up to when all has been told, and why not since
//           R  NUMBER NAME: what this kernel calls the reasons of drops
//           N  of "xtables-monitor --trace"
//           M  on MATCHES|off|failed WORDS: whose rules are told of
//           F  the token of a flush: everything before it has been told
//
// The events are made by evidence-events beside it. Lines go out as the kernel prints them: what they mean is worked out where they are
// read. Compiled, because it is in memory for as long as a machine runs, and runs for each connection that one makes.
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TRACING "/sys/kernel/tracing"
#define DROP TRACING "/events/eprobes/lsdrop"
#define RESTS "/run/lockstep-rest"
#define TABLE "lockstep_trace"
#define SOCKET_ROOM "/proc/sys/net/core/rmem_default"
#define TABLE_FILE "/run/lockstep-rules.nft"
enum { PORT = 3, TOKEN = 8, PAGE = 65536 };
// A flood may not take the processor: after a burst so many lines a second are told of. The ring forgets the rest, and says so.
static const double burst = 1000, rate = 500;
static const char *const sockets[] = {"lstcp", "lstcp6", "lsudp"};

struct text {
  char *at;
  size_t length, room;
};

// What a child or the kernel prints, of which the last line may not be whole.
struct stream {
  int fd;
  pid_t pid;
  size_t length;
  char rest[PAGE];
};

static struct stream trace = {.fd = -1}, tracker = {.fd = -1}, monitor = {.fd = -1}, questions = {.fd = 0};
static struct text items, flushed;
static bool overrun, has_table;
// Events that were taken out of the ring, by us and by anybody.
static unsigned long ours, taken;
static struct timespec well;

static void add(struct text *text, const char *more, size_t length) {
  if (text->length + length + 1 > text->room) {
    text->room = 2 * (text->length + length) + 256;
    if ((text->at = realloc(text->at, text->room)) == NULL) exit(1);
  }
  memcpy(text->at + text->length, more, length);
  text->at[text->length += length] = '\0';
}

__attribute__((format(printf, 2, 3))) static void print(struct text *text, const char *format, ...) {
  char line[2048];
  va_list all;
  va_start(all, format);
  const int length = vsnprintf(line, sizeof line, format, all);
  va_end(all);
  add(text, line, length < (int)sizeof line ? (size_t)length : sizeof line - 1);
}

// Lines as a part of an item, without their last end.
static void add_lines(struct text *text, const char *lines, size_t length) {
  if (length > 0 && lines[length - 1] == '\n') length--;
  const size_t from = text->length;
  add(text, lines, length);
  for (size_t at = from; at < text->length; at++) {
    unsigned char *c = (unsigned char *)text->at + at;
    *c = *c == '\n' ? '\x1f' : *c == '\t' ? ' ' : *c < 0x20 || *c == 0x7f ? '?' : *c;
  }
}

static void begin_item(struct text *text, char letter) {
  if (text->length > 0) add(text, "\x1e", 1);
  add(text, &letter, 1);
}

static bool put(const char *file, const char *text, int how) {
  const int fd = open(file, O_WRONLY | O_CLOEXEC | how, 0644);
  if (fd < 0) return false;
  const bool ok = write(fd, text, strlen(text)) >= 0;
  close(fd);
  return ok;
}

// The beginning of a file, "" when there is none.
static const char *get(const char *file) {
  static char content[16384];
  const int fd = open(file, O_RDONLY | O_CLOEXEC);
  size_t length = 0;
  for (ssize_t more; fd >= 0 && (more = read(fd, content + length, sizeof content - 1 - length)) > 0;) length += more;
  if (fd >= 0) close(fd);
  content[length] = '\0';
  return content;
}

static bool is_there(const char *path) { return access(path, F_OK) == 0; }

// Starts a program that can be read from: what it prints, and what it complains of.
static bool begin(struct stream *stream, char *const program[]) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return false;
  const pid_t pid = fork();
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    dup2(open("/dev/null", O_RDONLY), 0);
    dup2(ends[1], 1);
    dup2(ends[1], 2);
    execvp(program[0], program);
    _exit(127);
  }
  close(ends[1]);
  if (pid < 0) {
    close(ends[0]);
    return false;
  }
  *stream = (struct stream){.fd = ends[0], .pid = pid};
  return true;
}

// Gives the status of its program.
static int end(struct stream *stream) {
  int status = -1;
  if (stream->pid > 0) {
    kill(stream->pid, SIGTERM);
    waitpid(stream->pid, &status, 0);
  }
  if (stream->fd > 0) close(stream->fd);
  *stream = (struct stream){.fd = -1};
  return status;
}

// Runs a program to its end; its status, and what it printed.
static int run(struct text *said, char *const program[]) {
  static struct stream once;
  if (!begin(&once, program)) return -1;
  char piece[4096];
  for (ssize_t more; (more = read(once.fd, piece, sizeof piece)) > 0 || (more < 0 && errno == EINTR);)
    if (more > 0) add(said, piece, more);
  int status = -1;
  close(once.fd);
  waitpid(once.pid, &status, 0);
  return status;
}

static void end_children(void) {
  end(&tracker);
  end(&monitor);
}

static void set_enabled(const char *event, bool on) {
  char path[128];
  snprintf(path, sizeof path, TRACING "/events/kprobes/%s/enable", event);
  put(path, on ? "1\n" : "0\n", 0);
}

// That connection tracking's table is full: once its module is there.
static void watch_table(void) {
  if (is_there(TRACING "/events/kprobes/lsfull") || !is_there("/sys/module/nf_conntrack")) return;
  put(TRACING "/dynamic_events", "r:lsfull nf_conntrack:early_drop ret=$retval:u8\n", O_APPEND);
  set_enabled("lsfull", true);
}

// Who reads trace_pipe_raw takes events away that we do not get. True when somebody has, since this was asked last.
static bool somebody_reads(void) {
  const char *const said = strstr(get(TRACING "/per_cpu/cpu0/stats"), "read events: ");
  const unsigned long now = said == NULL ? 0 : strtoul(said + strlen("read events: "), NULL, 10);
  const bool is_more = now - taken > ours;
  taken = now;
  ours = 0;
  return is_more;
}

// Why not every drop is told of; "" when it is. A reader may use tracing as he likes.
static const char *trouble(void) {
  if (!is_there(DROP)) return "no event";
  if (get(TRACING "/tracing_on")[0] != '1') return "tracing_on is 0";
  if (strstr(get(TRACING "/trace_clock"), "[mono]") == NULL) return "trace_clock is not mono";
  if (get(DROP "/enable")[0] != '1') return "the event is off";
  if (strncmp(get(DROP "/filter"), "none", 4) != 0) return "it has a filter";
  if (somebody_reads()) return "somebody else reads the ring";
  return "";
}

static void add_status(struct text *text) {
  const char *why = trouble();
  if (*why == '\0') clock_gettime(CLOCK_MONOTONIC, &well);
  const bool tells_sockets = get(TRACING "/events/kprobes/lstcp/enable")[0] == '1';
  begin_item(text, 'W');
  print(text, "%s %d %lld.%06ld %s", *why == '\0' ? "on" : "off", tells_sockets, (long long)well.tv_sec, well.tv_nsec / 1000, why);
}

// { 1, "NOT_SPECIFIED" }, { 2, "NO_SOCKET" }, … in the description of the event
static void add_reasons(struct text *text) {
  begin_item(text, 'R');
  bool is_first = true;
  for (const char *at = get(TRACING "/events/skb/kfree_skb/format"); (at = strstr(at, "{ ")) != NULL; at += 2) {
    char name[64];
    int number;
    if (sscanf(at, "{ %d, \"%63[A-Z0-9_]\" }", &number, name) != 2) continue;
    print(text, "%s%d %s", is_first ? "" : "\x1f", number, name);
    is_first = false;
  }
}

// Whole lines of what there is to read go to `text`. Gives how many; -1 at the end of all.
static int take(struct stream *stream, struct text *text) {
  if (stream->length == sizeof stream->rest) stream->length = 0;
  const ssize_t more = read(stream->fd, stream->rest + stream->length, sizeof stream->rest - stream->length);
  if (more < 0) return errno == EAGAIN || errno == EINTR ? 0 : -1;
  if (more == 0) return -1;
  stream->length += more;
  const char *last = memrchr(stream->rest, '\n', stream->length);
  if (last == NULL) return 0;
  const size_t length = last + 1 - stream->rest;
  int count = 0;
  for (size_t at = 0; at < length; at++) count += stream->rest[at] == '\n';
  add(text, stream->rest, length);
  memmove(stream->rest, stream->rest + length, stream->length -= length);
  return count;
}

static void track(void) {
  if (begin(&tracker, (char *[]){"conntrack", "-E", "-e", "NEW,DESTROY", "-o", "timestamp,id,extended", NULL}))
    fcntl(tracker.fd, F_SETFL, O_NONBLOCK);
}

// Read after the tracker has its socket: what is told twice does no harm.
static void add_table(struct text *text) {
  static struct text said;
  said.length = 0;
  add(&said, "", 0);
  // Its last line counts them, and goes to where complaints go.
  run(&said, (char *[]){"sh", "-c", "exec conntrack -L -o id,extended 2>/dev/null", NULL});
  begin_item(text, 'L');
  add_lines(text, said.at, said.length);
}

// Packets are marked before anything but the fragments' assembly and "raw" sees them. So many a second as a reader can look at: each has
// a line for every rule that it meets.
static void trace_rules(const char *matches, struct text *text) {
  static struct text said, file;
  end(&monitor);
  if (has_table) run(&said, (char *[]){"nft", "delete", "table", "inet", TABLE, NULL});
  has_table = false;
  unlink(TABLE_FILE);
  if (*matches == '\0') {
    if (text != NULL) begin_item(text, 'M'), print(text, "off");
    return;
  }
  begin_item(text, 'M');
  for (const char *c = matches; *c != '\0'; c++)
    if (!isalnum((unsigned char)*c) && strchr("_ .:,/{}|!=<>-", *c) == NULL) {
      print(text, "failed these words are none of nft: ");
      add_lines(text, matches, strlen(matches));
      return;
    }
  file.length = 0;
  print(&file, "table inet " TABLE " {\n");
  for (int hook = 0; hook < 2; hook++) {
    const char *const name = hook == 0 ? "prerouting" : "output";
    print(&file, "chain %s { type filter hook %s priority -350;\n", name, name);
    for (const char *at = matches; at != NULL;) {
      const char *bar = strstr(at, " | ");
      add(&file, at, bar == NULL ? strlen(at) : (size_t)(bar - at));
      print(&file, " limit rate 10/second burst 10 packets meta nftrace set 1;\n");
      at = bar == NULL ? NULL : bar + 3;
    }
    print(&file, "}\n");
  }
  print(&file, "}\n");
  // It gives up when its socket is full, and has no option for how much that holds: what every socket gets that is made now.
  char room[32];
  snprintf(room, sizeof room, "%.30s", get(SOCKET_ROOM));
  put(SOCKET_ROOM, "16777216\n", 0);
  const bool has_begun = begin(&monitor, (char *[]){"xtables-monitor", "--trace", NULL});
  if (has_begun) fcntl(monitor.fd, F_SETFL, O_NONBLOCK), usleep(200000);
  put(SOCKET_ROOM, room, 0);
  if (!has_begun) {
    print(text, "failed there is no xtables-monitor");
    return;
  }
  // Also what is left of a table goes when the next one comes.
  put(TABLE_FILE, file.at, O_CREAT | O_TRUNC);
  has_table = true;
  said.length = 0;
  add(&said, "", 0);
  if (run(&said, (char *[]){"nft", "-f", TABLE_FILE, NULL}) == 0) {
    print(text, "on ");
    add_lines(text, matches, strlen(matches));
    return;
  }
  print(text, "failed ");
  add_lines(text, said.at, strcspn(said.at, "\n"));
  trace_rules("", NULL);
}

// What there is to tell, as items. Gives its lines.
static int look(void) {
  static struct text lines;
  int count = 0;
  const struct {
    struct stream *stream;
    char letter;
    int reads;
  } parts[] = {{&trace, 'T', 6}, {&tracker, 'C', 1}, {&monitor, 'N', 1}}; // A read of the ring gives a page at most.
  for (size_t n = 0; n < sizeof parts / sizeof *parts; n++) {
    if (parts[n].stream->fd < 0) continue;
    lines.length = 0;
    int more = 0;
    for (int reads = 0; reads < parts[n].reads && (more = take(parts[n].stream, &lines)) > 0; reads++) count += more;
    if (parts[n].stream == &trace)
      for (const char *line = lines.at; lines.length > 0 && (line = strchr(line, '\n')) != NULL; line++) ours++;
    if (lines.length > 0) {
      // It had no room for all that the kernel said: the table will tell what has ended.
      if (parts[n].stream == &tracker && strstr(lines.at, "ENOBUFS") != NULL) overrun = true;
      begin_item(&items, parts[n].letter);
      add_lines(&items, lines.at, lines.length);
    }
    if (more >= 0) continue;
    if (parts[n].stream == &tracker) end(&tracker);
    if (parts[n].stream == &monitor) {
      // It gives up when the kernel had more to say than it had room for.
      trace_rules("", NULL);
      begin_item(&items, 'M');
      print(&items, "failed xtables-monitor has ended");
      count++;
    }
  }
  return count;
}

static void write_all(int fd, const char *text, size_t length) {
  while (length > 0) {
    const ssize_t more = write(fd, text, length);
    if (more < 0 && errno != EINTR) return;
    if (more > 0) text += more, length -= more;
  }
}

// The token is waited for once: a holder may have been killed. One that was only slow puts a second one back, which is taken away here.
static void say_items(void) {
  if (flushed.length > 0) {
    if (items.length > 0) add(&items, "\x1e", 1);
    add(&items, flushed.at, flushed.length);
  }
  if (items.length > 0) {
    struct timespec monotonic, real;
    clock_gettime(CLOCK_MONOTONIC, &monotonic);
    clock_gettime(CLOCK_REALTIME, &real);
    static struct text line;
    line.length = 0;
    print(&line, "evidence %lld.%06ld %lld.%06ld ", (long long)monotonic.tv_sec, monotonic.tv_nsec / 1000, (long long)real.tv_sec,
          real.tv_nsec / 1000);
    add(&line, items.at, items.length);
    add(&line, "\n", 1);
    char bytes[16];
    if (poll(&(struct pollfd){TOKEN, POLLIN, 0}, 1, 10000) > 0 && read(TOKEN, bytes, sizeof bytes) < 0) exit(1);
    write_all(PORT, line.at, line.length);
    write_all(TOKEN, ".", 1);
  }
  items.length = flushed.length = 0;
}

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec + now.tv_nsec / 1e9;
}

// Answers a line. True when all that is watched is to be told.
static bool answer(char *line) {
  if (strcmp(line, "rest") == 0) {
    put(RESTS, "", O_CREAT);
    trace_rules("", NULL);
    say_items();
    exit(0);
  }
  if (strcmp(line, "sockets 0") == 0 || strcmp(line, "sockets 1") == 0)
    for (size_t n = 0; n < sizeof sockets / sizeof *sockets; n++) set_enabled(sockets[n], line[8] == '1');
  if (strcmp(line, "rules") == 0 || strncmp(line, "rules ", 6) == 0) trace_rules(line[5] == '\0' ? "" : line + 6, &items);
  if (strncmp(line, "flush ", 6) == 0 && strspn(line + 6, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == strlen(line + 6)) {
    begin_item(&flushed, 'F');
    print(&flushed, "%s", line + 6);
  }
  return strcmp(line, "status") == 0;
}

int main(int count, char **arguments) {
  fcntl(PORT, F_SETFD, FD_CLOEXEC);
  fcntl(TOKEN, F_SETFD, FD_CLOEXEC);
  signal(SIGPIPE, SIG_IGN);
  setpriority(PRIO_PROCESS, 0, 0);
  atexit(end_children);
  const bool goes_on = is_there(DROP) && unlink(RESTS) == 0;
  static struct text said, asked;
  if (!is_there(DROP)) run(&said, (char *[]){"/usr/lib/lockstep/evidence-events", NULL});
  watch_table();
  has_table = is_there(TABLE_FILE);
  trace_rules("", NULL);
  trace.fd = open(TRACING "/trace_pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (trace.fd < 0) return 1;
  somebody_reads();
  track();
  usleep(300000);
  if (!goes_on) begin_item(&items, 'S');
  add_reasons(&items);
  say_items();

  print(&asked, "status\n");
  if (count > 1 && strcmp(arguments[1], "status") != 0) print(&asked, "%s\n", arguments[1]);
  double credit = burst, counted = seconds(), looked = 0;
  // Of a machine in which nothing happens it is said now and then: each time it wakes up costs the emulator up to a tenth of a second.
  enum { SOON = 2000, LATE = 30000 };
  // Something was told since it was said up to when all has been.
  bool owes = false;
  for (;;) {
    struct pollfd watched[] = {{trace.fd, POLLIN, 0}, {tracker.fd, POLLIN, 0}, {monitor.fd, POLLIN, 0}, {questions.fd, POLLIN, 0}};
    poll(watched, 4, asked.length > 0 ? 0 : owes ? SOON : LATE);
    // What comes in swarms is told at once.
    if (asked.length == 0 && watched[3].revents == 0) usleep(20000);
    int told = look();
    owes |= told > 0;
    bool all = false;
    if (watched[3].revents != 0 && take(&questions, &asked) < 0) return 1;
    char *rest = asked.length > 0 ? asked.at : NULL;
    for (char *line; rest != NULL && (line = strsep(&rest, "\n")) != NULL;) {
      if (*line == '\0') continue;
      all |= answer(line);
      looked = 0;
    }
    asked.length = 0;
    const double now = seconds();
    if (now - looked > SOON / 1000.0) {
      // Up to here all has been told when what came before has been read, which it is not in a flood.
      static struct text status;
      status.length = 0;
      add_status(&status);
      int before = -1;
      for (int n = 0; n < 20 && before != told; n++) {
        before = told;
        told += look();
      }
      if (all) add_reasons(&items);
      if (before == told || strncmp(status.at, "Woff", 4) == 0) {
        if (items.length > 0) add(&items, "\x1e", 1);
        add(&items, status.at, status.length);
      }
      if (all || overrun) add_table(&items);
      overrun = false;
      if (tracker.fd < 0) track();
      watch_table();
      looked = now;
      owes = false;
    }
    say_items();
    credit += (now - counted) * rate - told;
    if (credit > burst) credit = burst;
    counted = now;
    if (credit < 0) usleep(250000);
  }
}
