import Glibc

/// What the system says of this process.
@safe
enum ProcessFacts {
    static var environment: [String: String] {
        var variables: [String: String] = [:]
        var entry = unsafe environ
        while let text = unsafe entry.pointee {
            let pair = unsafe String(cString: text)
            if let equals = pair.firstIndex(of: "=") { variables[String(pair[..<equals])] = String(pair[pair.index(after: equals)...]) }
            unsafe entry += 1
        }
        return variables
    }

    static var currentDirectory: String? {
        guard let path = unsafe getcwd(nil, 0) else { return nil }
        defer { unsafe free(path) }
        return unsafe String(cString: path)
    }

    /// The path of this program's file.
    static var program: String? {
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: Int(PATH_MAX)) { buffer, filled in
            filled = unsafe buffer.baseAddress.map { unsafe max(0, readlink("/proc/self/exe", $0, buffer.count)) } ?? 0
        }
        return bytes.isEmpty ? nil : String(validating: bytes, as: UTF8.self)
    }

    /// The home directory that the user database names.
    static func home(of user: UInt32) -> String? {
        guard let record = unsafe getpwuid(user), let home = unsafe record.pointee.pw_dir else { return nil }
        return unsafe String(cString: home)
    }
}
