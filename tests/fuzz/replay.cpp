// Runs a fuzzer over the files of a folder. Usage: fuzz_NAME FOLDER
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <span>

#include "fuzz.h"

int main(int count, char** arguments) {
  std::size_t runs = 0;
  for (const char* folder : std::span(arguments, static_cast<std::size_t>(count)).subspan(1)) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      std::ifstream file(entry.path(), std::ios::binary);
      const std::string whole((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
      std::cout << entry.path().filename() << std::endl;  // names the culprit when the run ends here
      // Each beginning too: what is cut off is what clients and disks send.
      for (std::size_t size = whole.size() + 1; size-- > 0; ++runs)
        fuzz(std::string_view(whole).substr(0, size));
    }
  }
  std::cout << runs << " runs\n";
  return runs > 0 ? 0 : 1;
}
