import CSandbox
import Glibc
import Redaction
import TacitWire

/// Brings what a run changed back into its working directory: what is clean, what was not changed meanwhile, and nothing of a dangerous kind.
///
/// Every process of the run has ended. What they left is hostile: names, links, sizes and depths are as somebody chose them.
struct ChangeRelease {
    /// How deep directories may lie in one another.
    static let maximumDepth = 64

    private let search: FileSearch
    /// When the working directory was as the program found it.
    private let since: timespec
    /// What the program worked in, where that was a copy of all and not what an overlay keeps.
    private let copy: WorkingCopy?
    private let random: () -> UInt64
    private(set) var result = RunChanges()
    /// How much may still leave, in bytes: a file with holes is longer than the room it takes.
    private var room: Int64

    init(
        _ search: FileSearch, since: timespec, copy: WorkingCopy? = nil, room: Int = SandboxPlan.changedBytes,
        random: @escaping () -> UInt64 = { .random(in: .min ... .max) }
    ) {
        (self.search, self.since, self.copy, self.room, self.random) = (search, copy?.since(since) ?? since, copy, Int64(room), random)
    }

    /// Goes through the changes, kept in one directory, of another.
    mutating func release(_ changes: OpenDirectory, into target: OpenDirectory) { release(changes, into: target, []) }

    private mutating func release(_ changes: OpenDirectory, into target: OpenDirectory, _ above: [String]) {
        guard above.count < Self.maximumDepth else { return withhold(above, "it lies too deep") }
        guard let names = changes.allNames else { return withhold(above.isEmpty ? ["."] : above, "it cannot be read") }
        if copy != nil || changes.isOpaque { deleteOthers(than: names, in: target, above) }
        for name in names {
            guard search.isWanted() else { return }
            guard let name else {
                withhold(above + ["?"], "its name is no text")
                continue
            }
            guard let facts = changes.facts(name) else { continue }
            if facts.kind != S_IFDIR, copy?.isOriginal(above + [name], facts) == true { continue }
            switch facts.kind {
            case S_IFDIR: releaseDirectory(name, facts, changes, target, above)
            case S_IFREG: releaseFile(name, facts, changes, target, above)
            case S_IFLNK: releaseLink(name, changes, target, above)
            default:
                if copy == nil, facts.isDeletion {
                    delete(name, in: target, above)
                } else {
                    withhold(above + [name], "it is a pipe, a socket or a device")
                }
            }
        }
    }

    private mutating func releaseDirectory(_ name: String, _ facts: stat, _ changes: OpenDirectory, _ target: OpenDirectory, _ above: [String]) {
        let path = above + [name]
        guard let inner = changes.directory(name) else { return withhold(path, "it cannot be read") }
        let wasThere = copy?.isOriginal(path, facts) == true
        if wasThere, target.directory(name) == nil, isLeftAlone(inner, path) { return }
        guard wasThere || isClean(path, isAll: true) else { return }
        if let there = target.facts(name), there.kind != S_IFDIR {
            guard !isChanged(there, path), unsafe unlinkat(target.descriptor, name, 0) == 0 else {
                return withhold(path, "something else lies there")
            }
        }
        let there = target.facts(name)
        if there == nil, unsafe mkdirat(target.descriptor, name, facts.st_mode & 0o777) != 0 { return withhold(path, "it cannot be written") }
        guard let outer = target.directory(name) else { return withhold(path, "it cannot be written") }
        if let there, there.st_mode & 0o777 != facts.st_mode & 0o777, !isChanged(there, path) {
            fchmod(outer.descriptor, facts.st_mode & 0o777)
        }
        release(inner, into: outer, path)
    }

    private mutating func releaseFile(_ name: String, _ facts: stat, _ changes: OpenDirectory, _ target: OpenDirectory, _ above: [String]) {
        let path = above + [name]
        guard isClean(path) else { return }
        guard facts.st_size <= room else { return withhold(path, "it is too large") }
        room -= Int64(facts.st_size)
        let source = changes.open(name, O_RDONLY)
        guard source >= 0 else { return withhold(path, "it cannot be read") }
        defer { close(source) }
        guard accepts(search.verdict(onFile: source), path, with: search.candidates(inFile: source)) else { return }
        let written = put(name, in: target, path) { temporary in
            let copy = target.open(temporary, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
            guard copy >= 0 else { return false }
            defer { close(copy) }
            let times = [facts.st_atim, facts.st_mtim]
            guard Self.copy(source, to: copy), fchmod(copy, facts.st_mode & 0o777) == 0 else { return false }
            return unsafe futimens(copy, times) == 0
        }
        if written, facts.st_mode & (S_ISUID | S_ISGID) != 0 { tell(path, "it was written without its set-id bits") }
    }

    private mutating func releaseLink(_ name: String, _ changes: OpenDirectory, _ target: OpenDirectory, _ above: [String]) {
        let path = above + [name]
        guard isClean(path) else { return }
        guard let leads = changes.target(of: name) else { return withhold(path, "it cannot be read") }
        guard accepts(search.verdict(on: leads), path) else { return }
        guard LinkTarget.stays(leads, depth: above.count), isBelow(leads, from: target, depth: above.count) else {
            return withhold(path, "it is a link that leaves the directory")
        }
        _ = put(name, in: target, path) { unsafe symlinkat(leads, target.descriptor, $0) == 0 }
    }

    /// Whether links that lie on the way, which were there before, lead out. What is not there yet leads nowhere.
    private func isBelow(_ leads: String, from target: OpenDirectory, depth: Int) -> Bool {
        let inner = LinkTarget.parts(of: leads).drop { $0 == ".." || $0 == "." }.joined(separator: "/")
        guard !inner.isEmpty, !leads.hasPrefix("..") else { return true }
        let opened = unsafe tacit_open_below(target.descriptor, inner, Int32(TACIT_PLACE_ONLY), 0, UInt64(TACIT_BENEATH))
        if opened >= 0 { close(opened) }
        return opened >= 0 || opened == -ENOENT || opened == -ENOTDIR
    }

    /// Lets `make` write something under a name of its own, and gives it its name: where something lies that was changed meanwhile, another one beside it.
    private mutating func put(_ name: String, in target: OpenDirectory, _ path: [String], _ make: (String) -> Bool) -> Bool {
        let temporary = ".tacit-\(hexadecimal(random()))"
        guard make(temporary) else {
            unsafe unlinkat(target.descriptor, temporary, 0)
            withhold(path, "it cannot be written")
            return false
        }
        var final = name
        if let there = target.facts(name) {
            if there.kind == S_IFDIR, !isUnchanged(path, in: target) || !remove(name, in: target) {
                final = beside(name)
            } else if there.kind != S_IFDIR, isChanged(there, path) {
                final = beside(name)
            }
        }
        guard unsafe renameat(target.descriptor, temporary, target.descriptor, final) == 0 else {
            unsafe unlinkat(target.descriptor, temporary, 0)
            withhold(path, "it cannot be written")
            return false
        }
        if final == name { result.written += 1 } else { result.keep(search.redacted(path.joined(separator: "/")), as: search.redacted(final)) }
        return true
    }

    private func beside(_ name: String) -> String { "\(name.prefix(200)).tacit-\(hexadecimal(random() & 0xFFFF_FFFF))" }

    private func hexadecimal(_ number: UInt64) -> String { String(number, radix: 16) }

    private static func copy(_ source: Int32, to target: Int32) -> Bool {
        var offset: off_t = 0
        while true {
            let count = unsafe sendfile(target, source, &offset, 16 << 20)
            if count == 0 { return true }
            if count < 0, errno != EINTR { return false }
        }
    }
}

// MARK: - Deleting

extension ChangeRelease {
    /// Deletes what is not among the names: what an overlay hides, or what was copied and is not there any more.
    private mutating func deleteOthers(than names: [String?], in target: OpenDirectory, _ above: [String]) {
        let kept = Set(names.compactMap(\.self))
        for case let name? in target.names where !kept.contains(name) && copy?.holds(above + [name]) != false { delete(name, in: target, above) }
    }

    private mutating func delete(_ name: String, in target: OpenDirectory, _ above: [String]) {
        guard target.facts(name) != nil else { return }
        guard isUnchanged(above + [name], in: target), remove(name, in: target) else {
            return withhold(above + [name], "it was deleted by the run, and changed meanwhile: it is left")
        }
        result.deleted += 1
    }

    /// Whether nothing of an entry was changed since the start.
    private func isUnchanged(_ path: [String], in target: OpenDirectory) -> Bool {
        guard path.count <= 2 * Self.maximumDepth, let name = path.last, let facts = target.facts(name), !isChanged(facts, path) else { return false }
        guard facts.kind == S_IFDIR else { return true }
        guard let inner = target.directory(name) else { return false }
        return inner.allNames?.allSatisfy { $0.map { isUnchanged(path + [$0], in: inner) } ?? false } ?? false
    }

    /// Whether somebody else changed an entry of the working directory since the start.
    private func isChanged(_ facts: stat, _ path: [String]) -> Bool { facts.isChanged(since: since) || copy?.isUnchanged(path, facts) == false }

    /// Whether the run changed nothing below a directory of the copy.
    private func isLeftAlone(_ directory: OpenDirectory, _ path: [String]) -> Bool {
        directory.allNames?.allSatisfy { name in
            guard let name, let facts = directory.facts(name), copy?.isOriginal(path + [name], facts) == true else { return false }
            guard facts.kind == S_IFDIR else { return true }
            return directory.directory(name).map { isLeftAlone($0, path + [name]) } ?? false
        } ?? false
    }

    private func remove(_ name: String, in target: OpenDirectory) -> Bool {
        guard target.facts(name)?.kind == S_IFDIR else { return unsafe unlinkat(target.descriptor, name, 0) == 0 }
        guard let inner = target.directory(name) else { return false }
        let isEmpty = inner.names.reduce(true) { isEmpty, entry in entry.map { remove($0, in: inner) } == true && isEmpty }
        guard isEmpty else { return false }
        return unsafe unlinkat(target.descriptor, name, AT_REMOVEDIR) == 0
    }
}

// MARK: - Judging

extension ChangeRelease {
    /// Whether a path holds no value; it is withheld otherwise, and told as it may be. `isAll` where nothing else is judged before something becomes of it.
    private mutating func isClean(_ path: [String], isAll: Bool = false) -> Bool {
        let verdict = search.verdict(on: path.joined(separator: "/"))
        return !isAll && verdict == .clean || accepts(verdict, path)
    }

    private mutating func accepts(_ verdict: FileSearch.Verdict, _ path: [String], with candidates: [[UInt8]] = []) -> Bool {
        switch search.settled(verdict, with: candidates) {
        case .clean: return true
        case .found(let names): withhold(path, "it holds \(names.joined(separator: ", "))")
        case .unsearchable(let reason): withhold(path, "it could not be searched for values: \(reason)")
        case .unreadable: withhold(path, "it cannot be read")
        case .token: withhold(path, "it holds a fake token")
        }
        return false
    }

    private mutating func withhold(_ path: [String], _ reason: String) {
        result.withheldCount += 1
        tell(path, reason)
    }

    private mutating func tell(_ path: [String], _ reason: String) { result.tell(search.redacted(path.joined(separator: "/")), reason) }
}
