// SPDX-License-Identifier: Apache-2.0
#include "recorder/journal_file.h"

#include "recorder/journal_tail.h"

#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <fcntl.h>
#include <mutex>
#include <sys/stat.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace dyad::recorder {

namespace {

std::string words(const char* tried, int number) {
    return std::string(tried) + ": " + std::generic_category().message(number) + " (" + std::to_string(number) + ")";
}

// The thread's own side: one open file, its size, and how to get out of trouble. Every step returns "" or what went
// wrong.
class AppendedFile {
public:
    AppendedFile(std::filesystem::path file, std::uint64_t rotateBytes)
        : m_file(std::move(file)), m_rotateBytes(rotateBytes) {}
    ~AppendedFile() { close(); }
    AppendedFile(const AppendedFile&) = delete;
    AppendedFile& operator=(const AppendedFile&) = delete;

    std::string append(std::string line) {
        line += '\n';
        if (std::string trouble = open(); !trouble.empty()) return trouble;
        if (m_size > 0 && m_size + line.size() > m_rotateBytes)
            if (std::string trouble = rotate(); !trouble.empty()) return trouble;
        std::size_t done = 0;
        while (done < line.size()) {
            const ssize_t count = ::write(m_descriptor, line.data() + done, line.size() - done);
            if (count < 0 && errno == EINTR) continue;
            if (count <= 0) {
                const int number = count < 0 ? errno : ENOSPC;
                takeBack();
                return words("write", number);
            }
            done += static_cast<std::size_t>(count);
        }
        m_size += line.size();
        return "";
    }

    void sync() {
        if (m_descriptor >= 0) (void)::fdatasync(m_descriptor); // nothing could be done about an error here
    }

private:
    std::string open() {
        if (m_descriptor >= 0) return "";
        std::error_code ignored;
        std::filesystem::create_directories(m_file.parent_path(), ignored);
        m_descriptor = ::open(m_file.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
        if (m_descriptor < 0) return words("open", errno);
        struct stat status {};
        if (::fstat(m_descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
            close();
            return "this is not a regular file";
        }
        m_size = static_cast<std::uint64_t>(status.st_size);
        endTornLine();
        return "";
    }

    // A power failure, or a full disk, may have left half a line. It would spoil the next one for every reader.
    void endTornLine() {
        constexpr std::uint64_t block = 4096;
        char bytes[block];
        std::uint64_t end = m_size;
        while (end > 0) {
            const std::uint64_t begin = end > block ? end - block : 0;
            const ssize_t count =
                ::pread(m_descriptor, bytes, static_cast<std::size_t>(end - begin), static_cast<off_t>(begin));
            if (count != static_cast<ssize_t>(end - begin)) return;
            for (std::uint64_t i = end - begin; i > 0; --i)
                if (bytes[i - 1] == '\n') return cutTo(begin + i);
            end = begin;
        }
        cutTo(0);
    }

    void cutTo(std::uint64_t size) {
        if (size != m_size && ::ftruncate(m_descriptor, static_cast<off_t>(size)) == 0) m_size = size;
    }

    // Half a line was written: remove it, or open anew (and look for it) before the next.
    void takeBack() {
        if (::ftruncate(m_descriptor, static_cast<off_t>(m_size)) != 0) close();
    }

    std::string rotate() {
        sync();
        close();
        std::error_code error;
        std::filesystem::rename(m_file, rotatedName(m_file), error);
        if (error) return words("rename", error.value());
        return open();
    }

    void close() {
        if (m_descriptor >= 0) ::close(m_descriptor);
        m_descriptor = -1;
    }

    std::filesystem::path m_file;
    std::uint64_t m_rotateBytes;
    std::uint64_t m_size = 0;
    int m_descriptor = -1;
};

} // namespace

struct JournalFile::Shared {
    explicit Shared(std::size_t most) : maxQueued(most) {}

    const std::size_t maxQueued;
    std::mutex mutex;
    std::condition_variable wake; // something is queued, or the end
    std::condition_variable idle; // the queue is empty and nothing is being written, or the thread has ended
    std::deque<std::string> queue;
    JournalFileState state;
    bool writing = false;
    bool closing = false;
    bool ended = false;

    void run(std::filesystem::path path, std::uint64_t rotateBytes) {
        AppendedFile file(std::move(path), rotateBytes);
        bool unsynced = false;
        std::unique_lock lock(mutex);
        for (;;) {
            const auto due = [this] { return !queue.empty() || closing; };
            if (!unsynced) {
                wake.wait(lock, due);
            } else if (!wake.wait_for(lock, syncAfterQuiet, due)) {
                unsynced = false;
                lock.unlock();
                file.sync();
                lock.lock();
                continue;
            }
            if (queue.empty()) break;
            std::string line = std::move(queue.front());
            queue.pop_front();
            writing = true;
            lock.unlock();
            std::string trouble = file.append(std::move(line));
            lock.lock();
            writing = false;
            if (trouble.empty())
                ++state.written;
            else
                ++state.dropped;
            unsynced = unsynced || trouble.empty();
            state.trouble = std::move(trouble);
            if (queue.empty()) idle.notify_all();
        }
        lock.unlock();
        if (unsynced) file.sync();
        lock.lock();
        ended = true;
        idle.notify_all();
    }
};

JournalFile::JournalFile(std::filesystem::path file, std::uint64_t rotateBytes, std::size_t maxQueued)
    : m_shared(std::make_shared<Shared>(maxQueued)) {
    // The service's signals are for its own thread; and a blocked SIGXFSZ lets write() answer EFBIG.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    std::thread([shared = m_shared, file, rotateBytes] { shared->run(file, rotateBytes); }).detach();
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

JournalFile::~JournalFile() {
    std::unique_lock lock(m_shared->mutex);
    m_shared->closing = true;
    m_shared->wake.notify_one();
    m_shared->idle.wait_for(lock, closePatience, [this] { return m_shared->ended; });
}

void JournalFile::append(std::string line) {
    const std::lock_guard lock(m_shared->mutex);
    if (m_shared->queue.size() >= m_shared->maxQueued) {
        ++m_shared->state.dropped;
        m_shared->state.trouble =
            "the disk is too slow: " + std::to_string(m_shared->queue.size()) + " lines wait already";
        return;
    }
    m_shared->queue.push_back(std::move(line));
    m_shared->wake.notify_one();
}

JournalFileState JournalFile::state() const {
    const std::lock_guard lock(m_shared->mutex);
    return m_shared->state;
}

bool JournalFile::drain(Duration patience) {
    std::unique_lock lock(m_shared->mutex);
    return m_shared->idle.wait_for(lock, patience, [this] { return m_shared->queue.empty() && !m_shared->writing; });
}

} // namespace dyad::recorder
