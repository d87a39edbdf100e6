// SPDX-License-Identifier: Apache-2.0
// The two programs that run inside a host: the writer and the reader.
#include "lab/chaos/append_record.h"
#include "lab/chaos/appender.h"
#include "lab/host.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace dyad::lab {

namespace {

constexpr const char* notesFile = "/var/lib/appender.acks";
constexpr Duration retryPause = 100ms;

volatile std::sig_atomic_t ended = 0;
void onEnd(int) { ended = 1; }

std::uint64_t freshWriter() {
    char name[64] = {};
    gethostname(name, sizeof name - 1);
    const bool beta = std::strcmp(name, "beta") == 0;
    const auto at = static_cast<std::uint64_t>(monotonicNow().nanoseconds());
    return (at & ~(std::uint64_t{1} << 63)) | (beta ? std::uint64_t{1} << 63 : 0);
}

// The number of the first record that isn't there yet.
std::uint64_t firstFree(int file) {
    const off_t size = lseek(file, 0, SEEK_END);
    auto count = static_cast<std::uint64_t>(size > 0 ? size : 0) / sizeof(AppendRecord);
    alignas(512) AppendRecord record;
    while (count > 0) {
        const ssize_t got = pread(file, &record, sizeof record, static_cast<off_t>((count - 1) * sizeof record));
        if (got == static_cast<ssize_t>(sizeof record) && record.isWhole(count - 1)) break;
        --count; // cut off in the middle by a power failure
    }
    return count;
}

class Writer {
public:
    Writer() : m_notes(open(notesFile, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)) {}
    ~Writer() {
        if (m_file >= 0) close(m_file);
        if (m_notes >= 0) close(m_notes);
    }
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    bool append() {
        if (m_file < 0 && !openFile()) return false;
        alignas(512) AppendRecord record;
        record.record = m_next;
        record.writer = m_writer;
        record.atNanoseconds = monotonicNow().nanoseconds();
        record.seal();
        const ssize_t wrote = pwrite(m_file, &record, sizeof record, static_cast<off_t>(m_next * sizeof record));
        if (wrote != static_cast<ssize_t>(sizeof record)) {
            std::perror("append");
            return false;
        }
        // Acknowledged. A note that does not fit the host's disk is no loss: then nobody was told.
        AppendNote note{m_next, m_writer, 0};
        note.seal();
        if (write(m_notes, &note, sizeof note) != static_cast<ssize_t>(sizeof note)) dropHalfNote();
        ++m_next;
        return true;
    }

private:
    void dropHalfNote() {
        struct stat status {};
        if (fstat(m_notes, &status) != 0) return;
        const off_t whole = status.st_size - status.st_size % static_cast<off_t>(sizeof(AppendNote));
        if (ftruncate(m_notes, whole) != 0) std::perror(notesFile);
    }
    bool openFile() {
        m_file = open(appendedFile, O_RDWR | O_CREAT | O_DIRECT | O_DSYNC | O_CLOEXEC, 0644);
        if (m_file < 0) {
            std::perror(appendedFile);
            return false;
        }
        m_next = firstFree(m_file);
        return true;
    }

    int m_notes;
    int m_file = -1;
    std::uint64_t m_next = 0;
    std::uint64_t m_writer = freshWriter();
};

} // namespace

int appendMain(const std::string& pauseMs) {
    struct sigaction action {};
    action.sa_handler = onEnd;
    sigaction(SIGTERM, &action, nullptr);
    const auto pause = std::chrono::milliseconds(std::strtol(pauseMs.c_str(), nullptr, 10));
    Writer writer;
    while (ended == 0)
        std::this_thread::sleep_for(writer.append() ? Duration(pause) : retryPause);
    return 0;
}

int readAppendedMain() {
    // Past the page cache, which may be older than what the writer wrote past it; and only as far as the file reaches
    // now: every record up to there was complete when the file grew behind it.
    const int file = open(appendedFile, O_RDONLY | O_DIRECT | O_CLOEXEC);
    if (file < 0) {
        if (errno == ENOENT) return 0; // nobody has written yet
        std::perror(appendedFile);
        return 1;
    }
    struct stat status {};
    if (fstat(file, &status) != 0) {
        std::perror(appendedFile);
        return 1;
    }
    const auto count = static_cast<std::uint64_t>(status.st_size) / sizeof(AppendRecord);
    constexpr std::size_t atOnce = 2048;
    const std::unique_ptr<AppendRecord, void (*)(void*)> memory(
        static_cast<AppendRecord*>(std::aligned_alloc(4096, atOnce * sizeof(AppendRecord))), std::free);
    if (!memory) return 1;
    AppendRecord* const records = memory.get();
    std::vector<std::uint64_t> bad;
    AppendedRun run;
    bool inRun = false;
    const auto tell = [&] {
        if (inRun)
            std::printf("%llu %llu %llu\n", static_cast<unsigned long long>(run.first),
                        static_cast<unsigned long long>(run.last), static_cast<unsigned long long>(run.writer));
        inRun = false;
    };
    std::uint64_t number = 0;
    while (number < count) {
        const ssize_t got = read(file, records, atOnce * sizeof(AppendRecord));
        if (got < 0) {
            std::perror(appendedFile);
            return 1;
        }
        if (got == 0) break;
        for (std::size_t i = 0; i < static_cast<std::size_t>(got) / sizeof(AppendRecord) && number < count;
             ++i, ++number) {
            const AppendRecord& record = records[i];
            if (!record.isWhole(number)) {
                bad.push_back(number);
                continue;
            }
            for (const auto each : bad) // only those before a good one matter
                std::printf("bad %llu\n", static_cast<unsigned long long>(each));
            if (!bad.empty()) tell();
            bad.clear();
            if (inRun && run.writer != record.writer) tell();
            if (!inRun) run = {number, number, record.writer};
            inRun = true;
            run.last = number;
        }
    }
    tell();
    close(file);
    return 0;
}

} // namespace dyad::lab
