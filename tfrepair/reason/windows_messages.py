"""What Windows says in its own language when a library does not load: said in English too, so one pattern finds all."""

# ruff: noqa: RUF001  # words of other languages are what this file is about

from __future__ import annotations

import re

# System messages by their number, each with wordings that only it has: German, Spanish, French, Italian, Portuguese,
# Polish, Russian, Turkish, Chinese, Japanese, Korean. The number itself counts in every language.
_MESSAGES = {
    "Access is denied": (
        r"WinError 5\]",
        "Zugriff verweigert",
        "Acceso denegado",
        "Accès refusé",
        "Accesso negato",
        "Acesso negado",
        "Odmowa dostępu",
        "Отказано в доступе",
        "Erişim engellendi",
        "拒绝访问",
        "存取被拒",
        "アクセスが拒否されました",
        "액세스가 거부되었습니다",
    ),
    "The specified module could not be found": (
        r"WinError 126\]",
        "angegebene Modul wurde nicht gefunden",
        "módulo especificado",
        "module spécifié est introuvable",
        "modulo specificato",
        "módulo especificado",
        "odnaleźć określonego modułu",
        "Не найден указанный модуль",
        "Belirtilen modül bulunamadı",
        "找不到指定的模块",
        "找不到指定的模組",
        "指定されたモジュールが見つかりません",
        "지정된 모듈을 찾을 수 없습니다",
    ),
    "The specified procedure could not be found": (
        r"WinError 127\]",
        "angegebene Prozedur wurde nicht gefunden",
        "(?:proceso|procedimiento) especificado",
        "procédure spécifiée est introuvable",
        "procedura specificata",
        "odnaleźć określonej procedury",
        "Не найдена указанная процедура",
        "Belirtilen yordam bulunamadı",
        "找不到指定的程序",
        "指定されたプロシージャが見つかりません",
        "지정된 프로시저를 찾을 수 없습니다",
    ),
    "%1 is not a valid Win32 application": (
        r"WinError 193\]",
        "keine zulässige Win32",
        "aplicación Win32 válida",
        "application Win32 valide",
        "applicazione di Win32 valida",
        "aplicativo Win32 válido",
        "prawidłową aplikacją systemu Win32",
        "не является приложением Win32",
        "geçerli bir Win32 uygulaması değil",
        "不是有效的 Win32",
        "有効な Win32",
        "올바른 Win32",
    ),
    "A dynamic link library (DLL) initialization routine failed": (
        r"WinError 1114\]",
        "DLL-Initialisierungsroutine",
        "rutina de inicialización de biblioteca",
        "routine d.initialisation d.une bibliothèque de liens dynamiques",
        "Routine di inizializzazione della libreria",
        "rotina de inicialização da biblioteca",
        "procedura inicjowania biblioteki",
        "инициализации библиотеки динамической",
        "başlatma yordamı başarısız",
        "动态链接库\\s?[((]DLL[))]\\s?初始化例程失败",
        "動態連結程式庫",
        "初期化ルーチンの実行に失敗",
        "DLL\\(동적 연결 라이브러리\\) 초기화",
    ),
    "The paging file is too small for this operation to complete": (
        r"WinError 1455\]",
        "Auslagerungsdatei ist zu klein",
        "archivo de paginación es demasiado pequeño",
        "fichier de pagination est insuffisant",
        "file di paging",
        "arquivo de paginação",
        "Файл подкачки слишком мал",
        "页面文件太小",
        "ページング ファイルが小さすぎる",
    ),
}
_ANY = {english: re.compile("|".join(dict.fromkeys(wordings))) for english, wordings in _MESSAGES.items()}


def with_english(text: str) -> str:
    """The text with the English message after each line that says it by number or in another language."""
    for english, wordings in _ANY.items():
        if wordings.search(text):
            text = "\n".join(
                f"{line} [{english}]" if english not in line and wordings.search(line) else line
                for line in text.split("\n")
            )
    return text
